import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { leaksIn } from '../support/canaries.js';
import { SHOP_RULES, startProxy, type PostgresProxy } from '../support/postgres-proxy.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import {
  WireClient,
  bind,
  close,
  describe,
  errorOf,
  execute,
  frame,
  int16,
  int32,
  parse,
  query,
  statusOf,
  sync,
} from '../support/wire-client.js';

let server: PostgresServer;
let proxy: PostgresProxy;
before(async () => {
  server = await startPostgres();
  proxy = await startProxy(server);
});
after(async () => {
  await proxy?.stop();
  await server?.stop();
});
beforeEach(() => {
  proxy.use(SHOP_RULES);
  proxy.decisions.length = 0;
  proxy.completions.length = 0;
  Object.assign(proxy, { auditFails: false, hasBudget: true });
});

interface Refused {
  readonly code?: string;
  readonly hint?: string;
}

/** What a refused statement leaves: its SQLSTATE, and a session that goes on. */
async function refusalOf(text: string): Promise<Refused> {
  const client = await proxy.connect();
  const refused = async (run: Promise<unknown>): Promise<Refused> =>
    run.then(
      () => ({}),
      (error: Refused) => error,
    );
  const simple = await refused(client.query(text));
  const extended = await refused(client.query({ text, values: [], name: 'x' }));
  assert.equal((await client.query('SELECT 1 AS one')).rows[0].one, 1, 'the session lives');
  await client.end();
  assert.equal(simple.code, extended.code);
  return simple;
}

for (const [name, text, code, slu] of [
  ['a statement that a rule denies', 'SELECT * FROM payroll.salaries', '42501', 'SLU4001'],
  ['a statement that no rule permits', 'DELETE FROM customers', '42501', 'SLU4002'],
  ['DDL', 'DROP TABLE orders', '42501', 'SLU4002'],
  ['a text that does not parse', 'SELEC 1', '0A000', 'SLU4005'],
  ['a name that is not in the catalog', 'SELECT * FROM nonesuch', '42501', 'SLU4008'],
  ['a masked column written where it would show', 'UPDATE customers SET region = ssn', '42501', 'SLU4002'],
  ['a text of which one statement is denied', 'SELECT 1; SELECT * FROM payroll.salaries', '42501', 'SLU4001'],
] as const) {
  test(`refuses ${name} with ${code}, and the session lives`, async () => {
    const refusal = await refusalOf(text);
    assert.equal(refusal.code, code);
    assert.match(refusal.hint ?? '', new RegExp(`Decision: [0-9a-f-]{36} \\(${slu}\\)`));
    const refused = proxy.decisions.filter((event) => event.refusal);
    assert.equal(refused.length, 2, 'one record for the simple and one for the extended protocol');
    assert.equal(refused[0]?.request, text);
  });
}

test('the message of a denial names the rule and its owner', async () => {
  const client = await proxy.connect();
  await assert.rejects(client.query('SELECT * FROM payroll.salaries'), (error: Error) => {
    assert.equal(error.message, 'payroll is off limits to agents (rule `shop/no-payroll`)');
    return true;
  });
  await client.end();
});

test('a refused statement fails the transaction it is in, and nothing of the transaction stays', async () => {
  const client = await proxy.connect();
  await client.query('BEGIN');
  await client.query("UPDATE orders SET note = 'changed' WHERE id = 1");
  await assert.rejects(client.query('SELECT * FROM payroll.salaries'), { code: '42501' });
  await assert.rejects(client.query('SELECT 1'), { code: '25P02' });
  assert.equal((await client.query('COMMIT')).command, 'ROLLBACK');
  const { rows } = await client.query('SELECT note FROM orders WHERE id = 1');
  assert.equal(rows[0].note, null);
  await client.end();
});

test('nothing of a text runs when one of its statements is denied', async () => {
  const client = await proxy.connect();
  await assert.rejects(
    client.query("UPDATE orders SET note = 'half' WHERE id = 2; DELETE FROM payroll.salaries"),
  );
  assert.equal((await client.query('SELECT note FROM orders WHERE id = 2')).rows[0].note, null);
  await client.end();
});

test('a text of several permitted statements runs as one request', async () => {
  const client = await proxy.connect();
  const results = (await client.query('SELECT 1 AS a; SELECT 2 AS b')) as unknown as { rows: object[] }[];
  assert.deepEqual(
    results.map(({ rows }) => rows),
    [[{ a: 1 }], [{ b: 2 }]],
  );
  assert.equal(proxy.decisions.length, 1);
  assert.equal(proxy.completions[0]?.rows, 2);
  await client.end();
});

test('a refusal in the middle of a pipeline skips to its Sync, as an error of the backend does', async () => {
  const client = await WireClient.login(proxy.port);
  const answers = await client.ask(
    [
      parse('', 'SELECT 1'),
      bind('', ''),
      execute(''),
      parse('', 'SELECT * FROM payroll.salaries'),
      bind('', ''),
      execute(''),
      sync(),
      parse('', 'SELECT 2'),
      bind('', ''),
      execute(''),
      sync(),
    ],
    2,
  );
  assert.equal(answers.types, '12DCEZ12DCZ');
  assert.equal(errorOf(answers.messages)['C'], '42501');
  client.destroy();
});

test('an error of the backend in a pipeline skips to its Sync, and what was skipped is not shown as run', async () => {
  const client = await WireClient.login(proxy.port);
  const answers = await client.ask(
    [
      parse('', 'SELECT 1/0'),
      bind('', ''),
      execute(''),
      parse('later', 'SELECT 3'),
      bind('', 'later'),
      execute(''),
      sync(),
      parse('later', 'SELECT 4'),
      bind('', 'later'),
      execute(''),
      sync(),
    ],
    2,
  );
  assert.equal(answers.types.replace('12E', '1E'), '1EZ12DCZ');
  assert.equal(errorOf(answers.messages)['C'], '22012');
  client.destroy();
});

test('a name whose Parse failed never runs something that was judged as another statement', async () => {
  const client = await WireClient.login(proxy.port);
  await client.ask([parse('s', 'SELECT 1 AS first'), sync()]);
  // The second Parse fails in the backend (the name is taken); the third segment uses the name unread.
  const answers = await client.ask(
    [parse('s', 'SELECT 2 AS second'), sync(), bind('', 's'), execute(''), sync()],
    2,
  );
  assert.equal(errorOf(answers.messages)['C'], '42P05');
  const ran = proxy.decisions.at(-1);
  assert.equal(ran?.request, 'SELECT 1 AS first');
  client.destroy();
});

test('a Close that was skipped leaves the statement known', async () => {
  const client = await WireClient.login(proxy.port);
  await client.ask([parse('s', 'SELECT 5'), sync()]);
  await client.ask([parse('', 'SELECT * FROM payroll.salaries'), close('S', 's'), sync()]);
  const answers = await client.ask([bind('', 's'), execute(''), sync()]);
  assert.equal(answers.types, '2DCZ');
  client.destroy();
});

test('statements and portals that were not made here are unknown', async () => {
  const client = await WireClient.login(proxy.port);
  for (const [messages, code] of [
    [[bind('', 'nonesuch'), sync()], '26000'],
    [[describe('S', 'nonesuch'), sync()], '26000'],
    [[execute('nonesuch'), sync()], '34000'],
    [[describe('P', 'nonesuch'), sync()], '34000'],
  ] as const) {
    const answers = await client.ask(messages);
    assert.equal(answers.types, 'EZ');
    assert.equal(errorOf(answers.messages)['C'], code);
  }
  client.destroy();
});

test('FunctionCall is refused, and the session lives', async () => {
  const client = await WireClient.login(proxy.port);
  const call = frame('F', int32(1299), int16(0), int16(0), int16(0));
  const answers = await client.ask([call]);
  assert.equal(answers.types, 'EZ');
  assert.equal(errorOf(answers.messages)['C'], '0A000');
  assert.equal((await client.ask([query('SELECT 1')])).types, 'TDCZ');
  client.destroy();
});

test('COPY is refused even where a rule permits it', async () => {
  proxy.use([{ id: 'p/all', effect: 'allow', on: ['*'] }]);
  const client = await WireClient.login(proxy.port);
  for (const text of ['COPY orders TO STDOUT', 'COPY orders FROM STDIN', "COPY orders TO '/tmp/x'"]) {
    const answers = await client.ask([query(text)]);
    assert.equal(answers.types, 'EZ', text);
    assert.ok(['0A000', '42501'].includes(errorOf(answers.messages)['C'] ?? ''));
  }
  client.destroy();
});

test('a statement that is too long is refused, and the session lives', async () => {
  const client = await WireClient.login(proxy.port);
  const long = `SELECT '${'x'.repeat(1_100_000)}'`;
  for (const messages of [[query(long)], [parse('', long), bind('', ''), execute(''), sync()]]) {
    const answers = await client.ask(messages);
    assert.equal(answers.types, 'EZ');
    assert.equal(errorOf(answers.messages)['C'], '54000');
  }
  assert.equal((await client.ask([query('SELECT 1')])).types, 'TDCZ');
  assert.equal(proxy.decisions.filter(({ refusal }) => refusal?.error.name === 'too_large').length, 2);
  client.destroy();
});

for (const [name, bytes] of [
  ['a NUL inside the text', frame('Q', 'SELECT 1', '; DROP TABLE orders')],
  ['text that is not UTF-8', frame('Q', Buffer.from([0xff, 0xfe, 0]))],
  ['a type that is unknown', frame('z')],
  ['COPY data out of turn', frame('d', Buffer.from('1\t2\n'))],
  ['a second password', frame('p', 'token')],
  ['an impossible length', Buffer.from([0x51, 0, 0, 0, 1])],
  ['a Bind that is cut short', frame('B', 'p')],
] as const) {
  test(`ends the session on ${name}, with a record`, async () => {
    const client = await WireClient.login(proxy.port);
    client.send(bytes, query('SELECT 1'));
    await client.closed();
    assert.equal(client.types(), 'E');
    const error = errorOf(client.messages);
    assert.deepEqual([error['S'], error['C']], ['FATAL', '08P01']);
    assert.equal(proxy.decisions.at(-1)?.refusal?.error.name, 'protocol_violation');
  });
}

test('a used-up rate is refused with 53400 and the time to wait', async () => {
  proxy.use([{ id: 'p/all', effect: 'allow', on: ['*'], rate: { count: 1, windowSeconds: 60 } }]);
  proxy.hasBudget = false;
  const client = await proxy.connect();
  await assert.rejects(client.query('SELECT * FROM orders'), { code: '53400', message: /retry after 2 s/ });
  await client.end();
});

test('nothing runs while the audit log cannot be written', async () => {
  const client = await proxy.connect();
  proxy.auditFails = true;
  await assert.rejects(client.query("UPDATE orders SET note = 'unaudited' WHERE id = 3"), { code: '58000' });
  await assert.rejects(client.query({ text: 'SELECT 1', name: 'n' }), { code: '58000' });
  proxy.auditFails = false;
  assert.equal((await client.query('SELECT note FROM orders WHERE id = 3')).rows[0].note, null);
  await client.end();
});

test('nothing runs without a bundle', async () => {
  const client = await proxy.connect();
  proxy.activate(undefined);
  await assert.rejects(client.query('SELECT 1'), { code: '58000', message: /no policy bundle is active/ });
  await client.end();
});

test('a refusal tells nothing of the values it is about', async () => {
  const client = await WireClient.login(proxy.port);
  const asked = await client.ask([query("SELECT (SELECT string_agg(ssn, ',') FROM customers)::int")]);
  assert.match(asked.types, /E.*Z/);
  assert.deepEqual(leaksIn(client.received.toString('utf8')), []);
  assert.equal(statusOf(asked.messages), 'I');
  client.destroy();
});
