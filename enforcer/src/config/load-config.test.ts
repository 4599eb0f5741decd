import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { inspect } from 'node:util';
import { SluiceError } from '@sluice/schemas';
import { TOKEN_ALGORITHMS } from '../identity/authenticator.js';
import { loadConfig } from './load-config.js';
import { Secret } from './secret.js';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sluice-config-'));
after(() => fs.rmSync(dir, { recursive: true }));

const GOOD = `apiVersion: sluice/v1
kind: Enforcer
spec:
  bundle: { source: ./dist/bundle.tar.gz, trust: ./trust.yaml, poll: 5s }
  identity:
    issuers:
      - { issuer: "https://login.acme.example", audience: sluice, groups: groups }
  connections:
    - name: shop-db
      protocol: postgres
      listen: 127.0.0.1:6432
      upstream:
        host: db.internal
        database: shop
        user: sluice
        password: { env: SHOP_DB_PASSWORD }
        tls: verify-full
  approvals: { hold: 90s }
  audit: { dir: ./audit }
  state: sqlite:./state.db
  admin: { listen: "[::1]:8443" }
`;

let files = 0;
function load(text: string | Buffer) {
  const file = path.join(dir, `${files++}.yaml`);
  fs.writeFileSync(file, text);
  return loadConfig(file);
}

function mistakeOf(text: string | Buffer): string {
  try {
    load(text);
  } catch (error) {
    assert.ok(error instanceof SluiceError, String(error));
    assert.match(error.code, /^SLU500[12]$/);
    return error.message.replaceAll(dir, '.');
  }
  return assert.fail('the configuration was accepted');
}

test('reads a configuration and fills in defaults', () => {
  const config = load(GOOD);
  assert.deepEqual(config.bundle, {
    source: path.join(dir, 'dist/bundle.tar.gz'),
    trust: path.join(dir, 'trust.yaml'),
    pollMs: 5_000,
    staleAfterMs: 600_000,
    failClosedAfterMs: 86_400_000,
  });
  assert.deepEqual(config.audit, { dir: path.join(dir, 'audit'), durability: 'written' });
  assert.deepEqual(config.admin, { listen: { host: '::1', port: 8443 }, operators: [] });
  assert.equal(config.stateFile, path.join(dir, 'state.db'));
  assert.equal(config.approvals.holdMs, 90_000);
  const [connection] = config.connections;
  assert.equal(connection?.upstream.port, 5432);
  assert.deepEqual(connection?.listen, { host: '127.0.0.1', port: 6432 });
});

const replaced = (from: string, to: string): string => {
  assert.ok(GOOD.includes(from));
  return GOOD.replace(from, () => to);
};

const MISTAKES: readonly [string, string | Buffer, RegExp][] = [
  ['an unknown key', replaced('poll:', 'polll:'), /:4:64 unknown key `polll`, did you mean `poll`$/],
  ['an unknown key at the top', `${GOOD}extra: 1\n`, /:22:1 unknown key `extra`, expected one of/],
  [
    'a key of a later release',
    replaced('{ dir: ./audit }', '{ dir: ./audit, sinks: [] }'),
    /:19:26 unknown key `sinks`/,
  ],
  [
    'a key in another case',
    replaced('listen: 127', 'Listen: 127'),
    /unknown key `Listen`, did you mean `listen`/,
  ],
  [
    'a missing key',
    replaced('  state: sqlite:./state.db\n', ''),
    /:4:3 `spec` has no `state`|:3:1 `spec` has no `state`/,
  ],
  [
    'another kind',
    replaced('kind: Enforcer', 'kind: Policy'),
    /:2:7 `kind` is `Policy`, expected `Enforcer`/,
  ],
  ['a number for text', replaced('database: shop', 'database: 7'), /:14:19 .*is a number, expected string/],
  ['a time without unit', replaced('hold: 90s', 'hold: 90'), /:18:22 .*is a number, expected a time such as/],
  ['a time of no known form', replaced('hold: 90s', 'hold: soon'), /`soon`, expected a time such as `30s`/],
  [
    'an address without port',
    replaced('127.0.0.1:6432', '127.0.0.1'),
    /:11:15 .*expected an address and a port/,
  ],
  ['a port too high', replaced('127.0.0.1:6432', '127.0.0.1:66432'), /no port between/],
  [
    'a secret in the open',
    replaced('{ env: SHOP_DB_PASSWORD }', 'hunter2'),
    /`spec.connections.0.upstream.password` is a string/,
  ],
  ['a secret from nowhere', replaced('{ env: SHOP_DB_PASSWORD }', '{}'), /exactly one of `env`/],
  [
    'a secret from two places',
    replaced('{ env: SHOP_DB_PASSWORD }', '{ env: A, file: b }'),
    /exactly one of `env`/,
  ],
  [
    'a symmetric algorithm',
    replaced('groups: groups', 'groups: groups, algorithms: [HS256]'),
    /`HS256`, expected `RS256`/,
  ],
  ['an issuer in the clear', replaced('https://login', 'http://login'), /expected an https address/],
  ['no issuer', GOOD.replace(/issuers:\n.*\n/, 'issuers: []\n'), /issuers` is empty/],
  [
    'an issuer twice',
    replaced(
      'groups: groups }',
      'groups: groups }\n      - { issuer: "https://login.acme.example", audience: b, groups: groups }',
    ),
    /:8:19 the issuer .* is listed twice/,
  ],
  ['tokens in the clear', replaced('127.0.0.1:6432', '0.0.0.0:6432'), /in the clear to `0.0.0.0:6432`/],
  [
    'an admin interface for everybody',
    replaced('[::1]:8443', '0.0.0.0:8443'),
    /in the clear to `0.0.0.0:8443`/,
  ],
  [
    'a backend elsewhere without TLS',
    replaced('tls: verify-full', 'tls: off'),
    /:17:14 `off` is for backends on this machine/,
  ],
  [
    'a connection twice',
    GOOD.replace(/ {4}- name[^]*verify-full\n/, (all) => all + all),
    /there are two connections `shop-db`/,
  ],
  ['another state store', replaced('sqlite:./state.db', 'postgres://x'), /expected `sqlite:` and a file/],
  [
    'a duplicate key',
    replaced('kind: Enforcer', 'kind: Enforcer\nkind: Enforcer'),
    /:3:1 map keys must be unique/,
  ],
  ['an anchor', replaced('database: shop', 'database: &a shop'), /:14:\d+ anchors are not accepted/],
  [
    'an alias',
    replaced('database: shop', 'database: &a shop').replace('user: sluice', 'user: *a'),
    /aliases are not accepted/,
  ],
  ['a tag', replaced('database: shop', 'database: !!str shop'), /tags are not accepted/],
  ['a directive', `%YAML 1.1\n---\n${GOOD}`, /directives are not accepted|1\.1/],
  ['two documents', `${GOOD}---\n${GOOD}`, /document/],
  ['broken YAML', 'spec: [', /:1:\d+ /],
  ['an empty file', '', /the file is empty/],
  ['a list', '- 1\n', /the file is a list/],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0xff]), /not valid UTF-8/],
  ['a file too large', Buffer.alloc(1024 * 1024 + 1, 0x23), /larger than/],
  ['a YAML bomb', `a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: [*b,*b,*b,*b]\n`, /not accepted/],
  ['nesting without end', `${'['.repeat(5000)}${']'.repeat(5000)}`, /levels|deep|stack|flow/i],
];
for (const [name, text, expected] of MISTAKES) {
  test(`refuses, with its place: ${name}`, () => {
    const message = mistakeOf(text);
    assert.match(message, expected);
    for (const line of message.split('\n')) assert.match(line, /^\.\/\d+\.yaml:\d+:\d+ /);
  });
}

test('offers exactly the algorithms that tokens are verified by', () => {
  for (const algorithm of TOKEN_ALGORITHMS) {
    const config = load(replaced('groups: groups', `groups: groups, algorithms: [${algorithm}]`));
    assert.deepEqual(config.issuers[0]?.algorithms, [algorithm]);
  }
  const message = mistakeOf(replaced('groups: groups', 'groups: groups, algorithms: [none]'));
  assert.equal(message.match(/`(?:[RPE]S\d{3}|EdDSA)`/g)?.length, TOKEN_ALGORITHMS.length);
});

test('says when the file is not there', () => {
  assert.throws(() => loadConfig(path.join(dir, 'none.yaml')), { code: 'SLU5002', message: /ENOENT/ });
});

test('fetches secrets from each place, and never prints them', async () => {
  process.env['SLUICE_TEST_SECRET'] = 'hunter2';
  fs.writeFileSync(path.join(dir, 'secret'), 'hunter2\n');
  const secrets = [
    new Secret({ env: 'SLUICE_TEST_SECRET' }, dir),
    new Secret({ file: './secret' }, dir),
    new Secret({ command: [process.execPath, '-e', 'console.log("hunter2")'] }, dir),
  ];
  for (const secret of secrets) {
    assert.equal(await secret.reveal(), 'hunter2');
    assert.deepEqual(
      [`${secret}`, JSON.stringify({ secret }), inspect({ secret })],
      ['[secret]', '{"secret":"[secret]"}', '{ secret: [secret] }'],
    );
  }
  delete process.env['SLUICE_TEST_SECRET'];
});

test('a secret that cannot be fetched says where it should have come from, not what came', async () => {
  const failing: readonly [Secret, RegExp][] = [
    [new Secret({ env: 'SLUICE_TEST_NONE' }, dir), /environment variable `SLUICE_TEST_NONE` is empty/],
    [new Secret({ file: './none' }, dir), /`.\/none` cannot be read \(ENOENT\)/],
    [
      new Secret({ command: [process.execPath, '-e', 'console.error("hunter2"); process.exit(3)'] }, dir),
      /cannot be read \(3\)/,
    ],
  ];
  for (const [secret, expected] of failing) {
    await assert.rejects(secret.reveal(), (error: SluiceError) => {
      assert.equal(error.code, 'SLU5003');
      assert.match(error.message, expected);
      assert.ok(!inspect(error).includes('hunter2'));
      return true;
    });
  }
});
