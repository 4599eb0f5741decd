/**
 * The rewriting alone against a real server: what it lets through is run as it is, without the proxy's other keys,
 * and must show nothing of the masked columns, by value or by inference.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { classifySql, loadParser, type Catalog, type RewrittenSql } from '@sluice/facts';
import type { Mask } from '@sluice/schemas';
import pg from 'pg';
import { leaksIn } from '../support/canaries.js';
import { readCatalog } from '../support/read-catalog.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { CHANGES, LEAKS, ORDINARY } from './rewrite-cases.js';

const HIDDEN: Readonly<Record<string, Mask>> = {
  'public.customers.name': 'redact',
  'public.customers.email': 'redact',
  'public.customers.ssn': 'redact',
  'public.customers.phone': 'null',
  'public.customers.birthday': 'null',
};

/** Sees every row it is given; what a careless owner of a database may have made. */
const OPAQUE = `
  CREATE SCHEMA opaque;
  CREATE FUNCTION opaque.stolen(public.customers) RETURNS text LANGUAGE sql AS 'SELECT $1.ssn';
  CREATE FUNCTION public.stolen(public.customers) RETURNS text LANGUAGE sql AS 'SELECT $1.ssn';
  CREATE PROCEDURE opaque.anything() LANGUAGE sql AS 'SELECT 1';
`;

let server: PostgresServer;
let client: pg.Client;
let catalog: Catalog;

before(async () => {
  await loadParser();
  server = await startPostgres();
  client = await server.connect();
  await client.query(OPAQUE);
  catalog = await readCatalog(client);
});

after(async () => {
  await client?.end();
  await server?.stop();
});

function rewrite(sql: string, masks: Readonly<Record<string, Mask>>): RewrittenSql | undefined {
  const classified = classifySql(sql, catalog);
  if (!classified.ok) return undefined;
  const decided = new Map<number, Mask>();
  for (const [index, column] of classified.value.columns.entries()) {
    const mask = masks[column];
    if (mask !== undefined) decided.set(index, mask);
  }
  const rewritten = classified.value.rewrite(decided);
  return rewritten.ok ? rewritten.value : undefined;
}

function refusalOf(sql: string): string {
  const classified = classifySql(sql, catalog);
  return classified.ok ? 'the masks' : classified.message;
}

/** Everything that comes back, errors and notices included, inside a transaction that is undone. */
async function everythingFrom(sql: string, change = ''): Promise<string> {
  const notices: string[] = [];
  const hear = (notice: unknown): void => void notices.push(JSON.stringify(notice));
  client.on('notice', hear);
  await client.query('BEGIN');
  try {
    if (change) await client.query(change);
    const answer = await client.query({ text: sql, rowMode: 'array' }).catch((error: unknown) => error);
    return JSON.stringify([plain(answer), notices]);
  } finally {
    await client.query('ROLLBACK');
    client.off('notice', hear);
  }
}

function plain(answer: unknown): unknown {
  if (answer instanceof pg.DatabaseError) {
    const { message, detail, hint, where } = answer;
    return { message, detail, hint, where };
  }
  const results = Array.isArray(answer) ? answer : [answer];
  return results.map((result: pg.QueryArrayResult) => ({
    fields: result.fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
    rows: result.rows,
    count: result.rowCount,
  }));
}

/** Other secrets, in another order, in place of the true ones. */
const OTHER_SECRETS = `
  UPDATE customers SET name = 'n' || (100 - id), email = 'e' || id * 7 % 100, ssn = (500 - id)::text,
    phone = CASE WHEN id % 2 = 0 THEN 'p' END, birthday = DATE '2001-01-01' - id::int;`;

test('no way of reading a masked column shows it or depends on it', async (t) => {
  for (const { sql, ran } of LEAKS) {
    await t.test(sql, async () => {
      const rewritten = rewrite(sql, HIDDEN);
      assert.equal(rewritten !== undefined, ran, rewritten?.text ?? 'refused');
      if (rewritten === undefined) return;
      const shown = await everythingFrom(rewritten.text);
      assert.deepEqual(leaksIn(shown), []);
      assert.equal(await everythingFrom(rewritten.text, OTHER_SECRETS), shown);
    });
  }
});

test('the leaks are leaks: unmasked, most of them show a canary', async () => {
  let shown = 0;
  for (const { sql, ran } of LEAKS) {
    if (ran && leaksIn(await everythingFrom(sql)).length > 0) shown++;
  }
  assert.ok(shown >= 40, `only ${shown} show anything`);
});

test('ordinary statements keep their results', async (t) => {
  for (const sql of ORDINARY) {
    await t.test(sql, async () => {
      const rewritten = rewrite(sql, HIDDEN);
      assert.ok(rewritten, refusalOf(sql));
      assert.equal(await everythingFrom(rewritten.text), await everythingFrom(sql));
    });
  }
});

test('changes that mention no masked column do what they say', async (t) => {
  for (const sql of CHANGES) {
    await t.test(sql, async () => {
      const rewritten = rewrite(sql, HIDDEN);
      assert.ok(rewritten, sql);
      assert.equal(await everythingFrom(rewritten.text), await everythingFrom(sql));
    });
  }
});

const SHAPES = `
  CREATE TABLE public.shapes (
    id int, t text, v varchar(6), c char(4), n numeric, i bigint, r double precision, d date, s timestamp,
    z timestamptz, b boolean, u uuid, j jsonb, a text[]);
  INSERT INTO public.shapes VALUES
    (1, 'ann@mail.example', 'abcdefgh'::varchar(6), 'ab', 4711.25, -87, 0.5, '1999-12-31', '2020-06-01 10:00',
     '2019-12-31 23:30:00-05', true, '6f1de2c4-0000-4000-8000-000000000000', '{}', '{x}'),
    (2, 'al@x.example', '', 'abcd', 0.07, 0, 'NaN', 'infinity', NULL, NULL, NULL, NULL, NULL, NULL),
    (3, 'short', 'x', 'x', -999.9, 9223372036854775807, '-Infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, '917-53-4201', NULL, NULL, 10, 7, 1e20, '2000-01-01', NULL, NULL, NULL, NULL, NULL, NULL),
    (5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (6, '@ a secret@b.example', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);`;

/** What each mask shows of the columns of \`shapes\`, row by row, as text. */
const SHOWN: Readonly<
  Record<'redact' | 'partial' | 'generalize', Readonly<Record<string, readonly (string | null)[]>>>
> = {
  redact: {
    t: Array.from({ length: 6 }, () => '[redacted]'),
    v: Array.from({ length: 6 }, () => '[redac'),
    c: Array.from({ length: 6 }, () => '[red'),
    n: [null, null, null, null, null, null],
    j: [null, null, null, null, null, null],
  },
  partial: {
    t: ['a****@mail.example', '****@x.example', '****', '****4201', null, '****mple'],
    v: ['****', '****', '****', null, null, null],
    c: ['****', '****', '****', null, null, null],
    d: [null, null, null, null, null, null],
    a: [null, null, null, null, null, null],
  },
  generalize: {
    t: ['a…', 'a…', 's…', '9…', null, '@…'],
    v: ['a…', '…', '…', null, null, null],
    c: ['a…', 'a…', '…', null, null, null],
    n: ['4000', '0', '-900', '10', null, null],
    i: ['-80', '0', '9000000000000000000', '7', null, null],
    r: ['0', 'NaN', '-Infinity', '1e+20', null, null],
    d: ['1999-01-01', 'infinity', null, '2000-01-01', null, null],
    s: ['2020-01-01 00:00:00', null, null, null, null, null],
    z: ['2020-01-01 00:00:00+00', null, null, null, null, null],
    b: [null, null, null, null, null, null],
    u: [null, null, null, null, null, null],
  },
};

test('each mask shows of each type what it says and no more', async (t) => {
  await client.query(SHAPES);
  catalog = await readCatalog(client);
  for (const [mask, columns] of Object.entries(SHOWN) as [Mask, Readonly<Record<string, unknown>>][]) {
    for (const [column, expected] of Object.entries(columns)) {
      await t.test(`${mask} ${column}`, async () => {
        const sql = `SELECT ${column}::text AS shown FROM shapes ORDER BY id`;
        const rewritten = rewrite(sql, { [`public.shapes.${column}`]: mask });
        assert.ok(rewritten, refusalOf(sql));
        const { rows } = await client.query<{ shown: string | null }>(rewritten.text);
        assert.deepEqual(
          rows.map(({ shown }) => shown?.trimEnd() ?? null),
          expected,
        );
      });
    }
  }
});

/** Volatile to the planner, harmless all the same: chance, clocks, sizes and the shape of partitions. */
const HARMLESS_VOLATILE: ReadonlySet<string> = new Set(
  `array_sample array_shuffle clock_timestamp gen_random_uuid random random_normal timeofday pg_database_size
   pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size pg_is_in_recovery
   pg_partition_ancestors pg_partition_tree`.split(/\s+/),
);

test('no function that does something passes without a rule, in either notation', async () => {
  const { rows } = await client.query<{ name: string; volatile: boolean }>(
    `SELECT proname AS name, bool_or(provolatile = 'v') AS volatile FROM pg_proc
     WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY 1`,
  );
  const passes = (sql: string): boolean => classifySql(sql, catalog).ok;
  const callable = rows.filter(({ name }) => passes(`SELECT pg_catalog."${name}"()`));
  assert.ok(callable.length > 400 && callable.length < rows.length / 2);
  const unsafe = callable.filter(({ name, volatile }) => volatile && !HARMLESS_VOLATILE.has(name));
  assert.deepEqual(unsafe, []);
  const names = new Set(callable.map(({ name }) => name));
  const fields = rows.filter(({ name }) => passes(`SELECT ('x'::text)."${name}"`));
  // A field that has the name of a user's column may be read, though a harmless function has that name too.
  assert.deepEqual(
    fields.filter(({ name }) => !names.has(name)),
    [],
  );
});

test('masks keep the types of columns', async (t) => {
  for (const mask of ['redact', 'null', 'partial', 'generalize'] as const) {
    await t.test(mask, async () => {
      const masks = Object.fromEntries(
        ['email', 'birthday', 'created_at', 'id'].map((c) => [`public.customers.${c}`, mask]),
      );
      const rewritten = rewrite('SELECT * FROM customers ORDER BY region LIMIT 2', masks);
      assert.ok(rewritten);
      const types = async (sql: string): Promise<unknown> =>
        (await client.query(sql)).fields.map(({ name, dataTypeID }) => [name, dataTypeID]);
      assert.deepEqual(await types(rewritten.text), await types('SELECT * FROM customers LIMIT 2'));
    });
  }
});

test('positions of errors are those of the text that was sent', async (t) => {
  const statements = [
    'SELECT ssn, nothing FROM customers',
    'SELECT é.id, upper(nothing), "日本".id FROM customers é, orders "日本"',
    'SELECT c.id FROM customers c JOIN orders o ON c.id = o.customer_id WHERE region = nothing',
    'SELECT lower(region), id + region FROM customers',
  ];
  for (const sql of statements) {
    await t.test(sql, async () => {
      const failure = async (text: string): Promise<number> => {
        const error: unknown = await client.query(text).catch((cause: unknown) => cause);
        assert.ok(error instanceof pg.DatabaseError);
        return Number(error.position);
      };
      const rewritten = rewrite(sql, HIDDEN);
      assert.ok(rewritten, sql);
      assert.equal(rewritten.mapPosition(await failure(rewritten.text)), await failure(sql));
    });
  }
});
