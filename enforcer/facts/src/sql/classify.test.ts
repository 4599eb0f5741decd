import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { classifySql } from '../sql.js';
import { loadParser } from './parser.js';
import { SHOP } from './shop.test.support.js';

before(loadParser);

function accessesOf(sql: string): string[] {
  const classified = classifySql(sql, SHOP);
  assert.ok(classified.ok, classified.ok ? '' : `${sql}: ${classified.message}`);
  return classified.value.accesses.map(({ action, resource }) => `${action} ${resource}`).sort();
}

const ACCESSES: readonly (readonly [sql: string, ...accesses: string[]])[] = [
  ['SELECT 1'],
  ['SELECT * FROM customers', 'select public.customers'],
  ['SELECT * FROM PUBLIC.Customers', 'select public.customers'],
  ['SELECT * FROM "Odd ""Name"""', 'select public."Odd ""Name"""'],
  ['SELECT * FROM payroll.salaries s, orders', 'select payroll.salaries', 'select public.orders'],
  [
    'SELECT (SELECT 1 FROM orders WHERE EXISTS (TABLE products))',
    'select public.orders',
    'select public.products',
  ],
  [
    'SELECT 1 FROM orders LIMIT (SELECT count(*) FROM products)',
    'select public.orders',
    'select public.products',
  ],
  ['SELECT 1 ORDER BY (SELECT 1 FROM orders)', 'select public.orders'],
  ['VALUES (1, (SELECT id FROM orders))', 'select public.orders'],
  ['SELECT id FROM orders UNION SELECT id FROM products', 'select public.orders', 'select public.products'],
  ['WITH customers AS (SELECT 1) SELECT * FROM customers'],
  ['WITH customers AS (SELECT * FROM customers) SELECT * FROM customers', 'select public.customers'],
  ['WITH RECURSIVE customers AS (SELECT * FROM customers) SELECT * FROM customers'],
  ['WITH customers AS (SELECT 1) SELECT * FROM public.customers', 'select public.customers'],
  ['WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a'],
  ['WITH orders AS (SELECT 1) SELECT (WITH products AS (TABLE orders) SELECT 1 FROM products)'],
  ['SELECT (WITH orders AS (SELECT 1) SELECT 1), * FROM orders', 'select public.orders'],
  ['WITH orders AS (SELECT 1) (TABLE orders) UNION (TABLE orders)'],
  ['WITH orders AS (SELECT 1) DELETE FROM orders', 'delete public.orders'],
  ['WITH orders AS (SELECT 1) INSERT INTO orders SELECT * FROM orders', 'insert public.orders'],
  ['SELECT id FROM orders FOR UPDATE', 'lock public.orders', 'select public.orders'],
  [
    'SELECT 1 FROM orders o, products p FOR SHARE OF o',
    'lock public.orders',
    'select public.orders',
    'select public.products',
  ],
  ['SELECT 1 FROM (SELECT * FROM orders) o FOR UPDATE OF o', 'lock public.orders', 'select public.orders'],
  ['INSERT INTO orders VALUES (1)', 'insert public.orders'],
  ['INSERT INTO orders VALUES (1) RETURNING id', 'insert public.orders', 'select public.orders'],
  ['INSERT INTO orders SELECT * FROM products', 'insert public.orders', 'select public.products'],
  [
    'INSERT INTO orders VALUES (1) ON CONFLICT (id) DO UPDATE SET note = excluded.note',
    'insert public.orders',
    'select public.orders',
    'update public.orders',
  ],
  ["UPDATE orders SET note = 'x'", 'update public.orders'],
  ["UPDATE orders SET note = 'x' WHERE id = 1", 'select public.orders', 'update public.orders'],
  [
    'UPDATE orders SET note = p.name FROM products p',
    'select public.orders',
    'select public.products',
    'update public.orders',
  ],
  ['DELETE FROM orders', 'delete public.orders'],
  ['DELETE FROM orders USING products', 'delete public.orders', 'select public.products'],
  ['DELETE FROM orders RETURNING id', 'delete public.orders', 'select public.orders'],
  [
    'WITH d AS (DELETE FROM orders RETURNING id) SELECT * FROM d',
    'delete public.orders',
    'select public.orders',
  ],
  ['SELECT refund(1)', 'call public.refund'],
  ['SELECT public.refund(1), payroll.bonus(2)', 'call payroll.bonus', 'call public.refund'],
  ['SELECT * FROM refund(1) r', 'call public.refund'],
  ["SELECT upper('a')", 'call public.upper'],
  ["SELECT pg_catalog.upper('a')"],
  ['SELECT 1 === 2', 'call operator(===)'],
  ["SELECT 'a' || 'b'", 'call operator(||)'],
  ["SELECT 'a' OPERATOR(pg_catalog.||) 'b'"],
  ['SELECT c.refund FROM customers c', 'call public.refund', 'select public.customers'],
  ['SELECT c.region FROM customers c', 'select public.customers'],
  ["SELECT 'a'::mood, 'b'::public.mood, 'c'::mood[]"],
  ['TRUNCATE orders, payroll.salaries', 'truncate payroll.salaries', 'truncate public.orders'],
  ['DROP TABLE orders, payroll.salaries', 'drop payroll.salaries', 'drop public.orders'],
  ['CREATE TABLE extra (id int PRIMARY KEY, at timestamptz DEFAULT now())', 'create public.extra'],
  ['ALTER TABLE orders ADD COLUMN extra text', 'alter public.orders'],
  ['ALTER TABLE orders RENAME TO old_orders', 'alter public.orders'],
  ['GRANT SELECT ON orders TO someone', 'grant public.orders'],
  ["COMMENT ON COLUMN orders.note IS 'x'", 'comment public.orders'],
  ['LOCK TABLE orders', 'lock public.orders'],
  ['VACUUM orders; ANALYZE products', 'analyze public.products', 'vacuum public.orders'],
  ['EXPLAIN DELETE FROM orders', 'delete public.orders'],
  ['COPY (SELECT id FROM orders) TO STDOUT', 'copy public.orders', 'select public.orders'],
  ['COPY products TO STDOUT WITH (FORMAT csv)', 'copy public.products', 'select public.products'],
  ['BEGIN ISOLATION LEVEL SERIALIZABLE; SAVEPOINT a; ROLLBACK TO a; COMMIT'],
  ["SET timezone = 'UTC'; SET LOCAL statement_timeout = 5; RESET datestyle; SET NAMES 'utf8'; SHOW timezone"],
  ['SELECT relname FROM pg_class', 'select pg_catalog.pg_class'],
  [''],
];

test('finds every access of a text', async (t) => {
  for (const [sql, ...accesses] of ACCESSES) {
    await t.test(sql, () => assert.deepEqual(accessesOf(sql), accesses));
  }
});

test('a CTE is visible where PostgreSQL sees it and nowhere else', () => {
  const forward = classifySql('WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a', SHOP);
  assert.equal(forward.ok ? '' : forward.error.name, 'unknown_relation');
  assert.deepEqual(accessesOf('(WITH orders AS (SELECT 1) TABLE orders) UNION ALL TABLE orders'), [
    'select public.orders',
  ]);
});

const REFUSALS: readonly (readonly [sql: string, error: string])[] = [
  ['SELEC 1', 'unparsed'],
  ['SELECT \0 1', 'unparsed'],
  ["SELECT '\ud800'", 'unparsed'],
  ['SELECT * FROM nowhere', 'unknown_relation'],
  ['SELECT * FROM payroll.nowhere', 'unknown_relation'],
  ['SELECT x.id FROM orders', 'unknown_relation'],
  ['SELECT public.orders.id FROM orders o', 'unknown_relation'],
  ['SELECT orders.nothing FROM orders', 'unknown_relation'],
  ['SELECT * FROM shop.public.orders', 'unsupported'],
  ['SELECT shop.public.orders.id FROM orders', 'unsupported'],
  ['SELECT * FROM pg_stats', 'unsupported'],
  ['SELECT * FROM pg_authid', 'unknown_relation'],
  ['SELECT * FROM pg_catalog.pg_authid', 'unsupported'],
  ['SELECT no_such_function(1)', 'unsupported'],
  ['SELECT pg_sleep(1)', 'unsupported'],
  ["SELECT pg_catalog.pg_read_file('x')", 'unsupported'],
  ["SELECT set_config('a', 'b', false)", 'unsupported'],
  ["SELECT current_setting('data_directory')", 'unsupported'],
  ["SELECT current_setting('time' || 'zone')", 'unsupported'],
  ["SELECT nextval('s')", 'unsupported'],
  ["SELECT ('x'::text).pg_read_file", 'unsupported'],
  ["SELECT (ARRAY['x'])[1].pg_ls_dir", 'unsupported'],
  ["SELECT ((ARRAY['x'])[1]).pg_ls_dir", 'unsupported'],
  ['SELECT f.pg_read_file FROM refund(1) f', 'unsupported'],
  ['SELECT pg_read_file.pg_read_file FROM refund(1) pg_read_file', 'unsupported'],
  ["SELECT (t).pg_ls_dir FROM (SELECT 'x'::text t) t", 'unsupported'],
  ['SELECT 1 <=>< 2', 'unsupported'],
  ["SELECT 'x'::refcursor", 'unsupported'],
  ["SELECT 'x'::customers.id%TYPE", 'unsupported'],
  ['SELECT * FROM orders TABLESAMPLE odd (1)', 'unsupported'],
  ['SELECT * FROM U&"\\006frders"', 'unsupported'],
  ['CREATE TABLE a AS SELECT 1', 'unsupported'],
  ['SELECT 1 INTO a', 'unsupported'],
  ['CREATE TEMP TABLE orders (id int)', 'unsupported'],
  ['CREATE TABLE a (LIKE customers)', 'unsupported'],
  ['CREATE TABLE a () INHERITS (customers)', 'unsupported'],
  ["CREATE TABLE a (b text DEFAULT pg_ls_dir('x'))", 'unsupported'],
  ['CREATE TABLE a (b text GENERATED ALWAYS AS (c) STORED)', 'unsupported'],
  ['CREATE VIEW a AS SELECT 1', 'unsupported'],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$', 'unsupported'],
  ['DROP TABLE orders CASCADE', 'unsupported'],
  ['TRUNCATE orders CASCADE', 'unsupported'],
  ['DROP SCHEMA payroll', 'unsupported'],
  ['DROP DATABASE shop', 'unsupported'],
  ['DO $$ BEGIN END $$', 'unsupported'],
  ['CALL refund(1)', 'unsupported'],
  ['COPY orders FROM STDIN', 'unsupported'],
  ["COPY orders TO '/tmp/x'", 'unsupported'],
  ["COPY orders TO PROGRAM 'x'", 'unsupported'],
  ['SET ROLE postgres', 'unsupported'],
  ['SET SESSION AUTHORIZATION postgres', 'unsupported'],
  ['SET search_path = a', 'unsupported'],
  ['RESET ALL', 'unsupported'],
  ['RESET search_path', 'unsupported'],
  ['SHOW ALL', 'unsupported'],
  ["SET client_encoding = 'LATIN1'", 'unsupported'],
  ["SET TRANSACTION SNAPSHOT 'x'", 'unsupported'],
  ['SET standard_conforming_strings = off', 'unsupported'],
  ['PREPARE TRANSACTION $$x$$', 'unsupported'],
  ['DISCARD ALL', 'unsupported'],
  ['LISTEN a', 'unsupported'],
  ['NOTIFY a', 'unsupported'],
  ["LOAD 'x'", 'unsupported'],
  ['EXPLAIN ANALYZE SELECT 1', 'unsupported'],
  ['EXPLAIN (ANALYZE false) SELECT 1', 'unsupported'],
  ['VACUUM', 'unsupported'],
  ['DELETE FROM orders WHERE CURRENT OF c', 'unsupported'],
  ['MERGE INTO orders o USING products p ON true WHEN MATCHED THEN DELETE', 'unsupported'],
  ['SELECT 1; SELECT pg_sleep(1)', 'unsupported'],
];

test('refuses what is not known, by name', async (t) => {
  for (const [sql, error] of REFUSALS) {
    await t.test(sql, () => {
      const classified = classifySql(sql, SHOP);
      assert.equal(
        classified.ok ? 'passed' : classified.error.name,
        error,
        classified.ok ? '' : classified.message,
      );
    });
  }
});

const FACTS: readonly (readonly [sql: string, facts: Readonly<Record<string, unknown>>])[] = [
  [
    'SELECT id FROM customers',
    { 'sql.kind': 'select', 'sql.columns': ['public.customers.id'], 'sql.has_where': false },
  ],
  ['SELECT 1; DELETE FROM orders', { 'sql.kind': 'multiple', 'sql.statements': 2n, 'sql.has_where': false }],
  ['SELECT * FROM products WHERE true LIMIT 5', { 'sql.has_where': true, 'sql.limit': 5n, 'sql.joins': 0n }],
  ['SELECT 1 FROM orders LIMIT $1', { 'sql.limit': undefined }],
  ['SELECT 1 FROM orders LIMIT 3; SELECT 1 FROM orders LIMIT 9', { 'sql.limit': 9n }],
  ['SELECT 1 FROM orders LIMIT 3; SELECT 1 FROM orders', { 'sql.limit': undefined }],
  [
    'TABLE products',
    { 'sql.columns': ['public.products.id', 'public.products.name', 'public.products.price_cents'] },
  ],
  ['SELECT p FROM products p WHERE p.id = 1', { 'sql.has_where': true }],
  ['SELECT 1 FROM orders o JOIN products p USING (id), customers', { 'sql.joins': 2n }],
  [
    'UPDATE orders SET note = $1 WHERE id = 1',
    {
      'sql.kind': 'update',
      'sql.columns': ['public.orders.id', 'public.orders.note'],
      'sql.has_where': true,
    },
  ],
  [
    'WITH d AS (DELETE FROM orders) SELECT 1 FROM products WHERE id = 1',
    { 'sql.kind': 'select', 'sql.has_where': false },
  ],
  [
    "SELECT lower('A'), refund(1), count(*) FROM orders",
    { 'sql.functions': ['pg_catalog.count', 'pg_catalog.lower', 'public.refund'] },
  ],
  ['DROP TABLE orders', { 'sql.kind': 'other', 'sql.tables': ['public.orders'] }],
  ['EXPLAIN SELECT 1', { 'sql.kind': 'explain' }],
  ['BEGIN', { 'sql.kind': 'transaction', 'sql.statements': 1n, 'sql.tables': [] }],
  ["SET timezone = 'UTC'", { 'sql.kind': 'set' }],
];

test('finds the facts of a text', async (t) => {
  for (const [sql, expected] of FACTS) {
    await t.test(sql, () => {
      const classified = classifySql(sql, SHOP);
      assert.ok(classified.ok);
      for (const [fact, value] of Object.entries(expected))
        assert.deepEqual(classified.value.facts[fact], value, fact);
    });
  }
});

test('asks for the masks of a column under every name a rule may know it by', () => {
  const columns = (sql: string): readonly string[] => {
    const classified = classifySql(sql, SHOP);
    assert.ok(classified.ok);
    return [...classified.value.columns].sort();
  };
  assert.deepEqual(columns('SELECT 1 FROM products'), [
    'public.products.id',
    'public.products.name',
    'public.products.price_cents',
  ]);
  const family = ['public.events.id', 'public.events.who', 'public.events_eu.id', 'public.events_eu.who'];
  assert.deepEqual(columns('SELECT 1 FROM events'), family);
  assert.deepEqual(columns('SELECT 1 FROM events_eu'), [...family, 'public.events_eu.iban'].sort());
  assert.deepEqual(columns('DELETE FROM customer_orders'), [
    'public.customer_orders.order_id',
    'public.customer_orders.region',
    'public.customers.email',
    'public.customers.region',
    'public.orders.id',
  ]);
});

test('says which statements change something', () => {
  const classified = classifySql('SELECT 1; WITH d AS (DELETE FROM orders) SELECT 1; BEGIN', SHOP);
  assert.ok(classified.ok);
  assert.deepEqual(
    classified.value.statements.map(({ readOnly }) => readOnly),
    [true, false, true],
  );
  assert.equal(classified.value.writes, true);
});
