import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Mask } from '@sluice/schemas';
import { classifySql, classifySqlLarge } from '../sql.js';
import { loadParser } from './parser.js';
import { rewriteSql, SHOP } from './shop.test.support.js';

before(loadParser);

const MASKS: Readonly<Record<string, Mask>> = { 'public.products.name': 'redact' };
const ROW = `(SELECT "_row"."id", '[redacted]'::pg_catalog.text AS "name", "_row"."price_cents" FROM "public"."products" AS "_row")`;
const ONLY = ROW.replace('FROM ', 'FROM ONLY ');

const REWRITES: readonly (readonly [sql: string, rewritten: string])[] = [
  ['SELECT 1', 'SELECT 1'],
  ['SELECT name FROM products', `SELECT name FROM ${ROW} "products"`],
  ['SELECT name FROM products p', `SELECT name FROM ${ROW} p`],
  ['SELECT name FROM Products AS "P"', `SELECT name FROM ${ROW} AS "P"`],
  ['SELECT b FROM products p (a, b)', `SELECT b FROM ${ROW} p (a, b)`],
  ['SELECT products.name FROM public.products', `SELECT products.name FROM ${ROW} "products"`],
  ['SELECT public.products.name FROM products', `SELECT products.name FROM ${ROW} "products"`],
  ['SELECT public . products.* FROM products', `SELECT products.* FROM ${ROW} "products"`],
  ['SELECT public.orders.id FROM orders', 'SELECT public.orders.id FROM "public"."orders"'],
  ['SELECT * FROM ONLY products', `SELECT * FROM ${ONLY} "products"`],
  ['SELECT * FROM ONLY ( products ) p', `SELECT * FROM ${ONLY} p`],
  ['SELECT * FROM products * p', `SELECT * FROM ${ROW} p`],
  ['TABLE products', `SELECT * FROM ${ROW} "products"`],
  ['TABLE ONLY products', `SELECT * FROM ${ONLY} "products"`],
  ['TABLE orders', 'TABLE "public"."orders"'],
  ['SELECT * FROM products"p"', `SELECT * FROM ${ROW} "p"`],
  [
    'SELECT * FROM(products CROSS JOIN orders)',
    `SELECT * FROM( ${ROW} "products" CROSS JOIN "public"."orders" )`,
  ],
  [
    'SELECT * FROM products p TABLESAMPLE system (5) REPEATABLE ($1) WHERE true',
    `SELECT * FROM ${ROW.replace('"_row")', '"_row" TABLESAMPLE system (5) REPEATABLE ($1))')} p  WHERE true`,
  ],
  [
    'WITH products AS (TABLE products) TABLE products',
    `WITH products AS ( SELECT * FROM ${ROW} "products" ) TABLE products`,
  ],
  ['SELECT 1 FROM products p FOR UPDATE OF p', `SELECT 1 FROM ${ROW} p FOR UPDATE OF p`],
  ["SELECT lower('é'), id FROM orders", `SELECT pg_catalog.lower('é'), id FROM "public"."orders"`],
  [
    'SELECT substring(note FROM 1), left(note, 2) FROM orders',
    'SELECT substring(note FROM 1), pg_catalog.left(note, 2) FROM "public"."orders"',
  ],
  ['SELECT refund(1)', 'SELECT "public".refund(1)'],
  ['SELECT u&refund(1) FROM (VALUES (1)) v (u)', 'SELECT u& "public".refund(1) FROM (VALUES (1)) v (u)'],
  ["SELECT upper('ambiguous')", "SELECT upper('ambiguous')"],
  ['SELECT "Ünïcode" FROM "Odd ""Name""" o', 'SELECT "Ünïcode" FROM "public"."Odd ""Name""" o'],
  ["UPDATE products SET name = 'x' WHERE id = 1", `UPDATE "public"."products" SET name = 'x' WHERE id = 1`],
  ['DELETE FROM ONLY products', 'DELETE FROM ONLY "public"."products"'],
  [
    'DELETE FROM orders USING products p WHERE p.id = orders.id',
    `DELETE FROM "public"."orders" USING ${ROW} p WHERE p.id = orders.id`,
  ],
  ["INSERT INTO products VALUES (1, 'a', 2)", `INSERT INTO "public"."products" VALUES (1, 'a', 2)`],
  [
    'INSERT INTO orders (id) SELECT id FROM products',
    `INSERT INTO "public"."orders" (id) SELECT id FROM ${ROW} "products"`,
  ],
  [
    'INSERT INTO products SELECT * FROM orders',
    'INSERT INTO "public"."products" SELECT * FROM "public"."orders"',
  ],
  ['EXPLAIN SELECT 1 FROM products', `EXPLAIN SELECT 1 FROM ${ROW} "products"`],
  ['COPY (TABLE products) TO STDOUT', `COPY ( SELECT * FROM ${ROW} "products" ) TO STDOUT`],
  ['CREATE TABLE extra (id int)', 'CREATE TABLE "public".extra (id int)'],
  ['TRUNCATE products', 'TRUNCATE "public"."products"'],
  ['SELECT 1 FROM products; SELECT 2', `SELECT 1 FROM ${ROW} "products" ; SELECT 2`],
];

test('puts masking subqueries in place of relations and pins all names', async (t) => {
  for (const [sql, expected] of REWRITES) {
    await t.test(sql, () => {
      const rewritten = rewriteSql(sql, MASKS);
      assert.equal(rewritten.ok ? rewritten.value.text : rewritten.message, expected);
    });
  }
});

const UNPROVABLE: readonly (readonly [sql: string, masked: string])[] = [
  ['UPDATE products SET name = upper(name)', 'public.products.name'],
  ['UPDATE products p SET price_cents = length(p.name)', 'public.products.name'],
  ['UPDATE products p SET price_cents = 1 RETURNING *', 'public.products.name'],
  ['UPDATE products p SET price_cents = 1 RETURNING p', 'public.products.name'],
  ['UPDATE products p SET price_cents = 1 RETURNING (p).name', 'public.products.name'],
  ['UPDATE products p SET price_cents = p.refund', 'public.products.name'],
  ['UPDATE products SET price_cents = 1 RETURNING old', 'public.products.name'],
  ['UPDATE products SET price_cents = 1 WHERE (SELECT products.name) IS NULL', 'public.products.name'],
  ['UPDATE products SET price_cents = 1 WHERE (SELECT public.products.name) IS NULL', 'public.products.name'],
  ['DELETE FROM products WHERE ctid IS NULL', 'public.products.name'],
  ['SELECT xmin FROM products', 'public.products.name'],
  ['INSERT INTO products VALUES (1) RETURNING name', 'public.products.name'],
  ['INSERT INTO products VALUES (1) ON CONFLICT (name) DO NOTHING', 'public.products.name'],
  ['INSERT INTO products VALUES (1) ON CONFLICT (lower(name)) DO NOTHING', 'public.products.name'],
  ['INSERT INTO products VALUES (1) ON CONFLICT ON CONSTRAINT u DO NOTHING', 'public.products.name'],
  [
    'INSERT INTO products VALUES (1) ON CONFLICT (id) DO UPDATE SET price_cents = length(products.name)',
    'public.products.name',
  ],
  [
    'INSERT INTO products AS excluded VALUES (1) ON CONFLICT (id) DO UPDATE SET price_cents = length(excluded.name)',
    'public.products.name',
  ],
  ['INSERT INTO orders (note) SELECT name FROM products', 'public.products.name'],
  ['WITH d AS (DELETE FROM orders) SELECT name FROM products', 'public.products.name'],
  ['ALTER TABLE products RENAME COLUMN name TO price', 'public.products.name'],
  ['ALTER TABLE products ADD COLUMN x int', 'public.products.name'],
  ['COPY products TO STDOUT', 'public.products.name'],
  ['SELECT 1 FROM customer_orders', 'public.customers.email'],
  ['DELETE FROM customer_orders', 'public.customers.email'],
  ['INSERT INTO customer_orders VALUES (1)', 'public.customers.email'],
];

test('refuses what no masking can make sound', async (t) => {
  for (const [sql, masked] of UNPROVABLE) {
    await t.test(sql, () => {
      const rewritten = rewriteSql(sql, { [masked]: 'redact' });
      assert.equal(rewritten.ok ? rewritten.value.text : rewritten.error.name, 'mask_unprovable');
      const unmasked = rewriteSql(sql);
      assert.ok(unmasked.ok, 'without a mask it may run');
    });
  }
});

test('masks a column by the mask of the same column in a parent or a child', () => {
  for (const [sql, masked] of [
    ['SELECT who FROM events', 'public.events_eu.who'],
    ['SELECT who FROM events_eu', 'public.events.who'],
  ] as const) {
    const rewritten = rewriteSql(sql, { [masked]: 'null' });
    assert.ok(rewritten.ok);
    assert.match(rewritten.value.text, /NULL::pg_catalog\.text AS "who"/);
  }
});

test('the strictest of several masks of one column wins', () => {
  const rewritten = rewriteSql('SELECT who FROM events', {
    'public.events.who': 'partial',
    'public.events_eu.who': 'redact',
  });
  assert.ok(rewritten.ok);
  assert.match(rewritten.value.text, /'\[redacted\]'/);
});

test('refuses masks that need the value itself', () => {
  for (const mask of ['hash', 'tokenize'] as const) {
    const rewritten = rewriteSql('SELECT name FROM products', { 'public.products.name': mask });
    assert.equal(rewritten.ok ? '' : rewritten.error.name, 'mask_unprovable');
  }
});

test('says which columns are masked, as the wire names them', () => {
  const rewritten = rewriteSql('SELECT id FROM products', MASKS);
  assert.ok(rewritten.ok);
  const relationOid = SHOP.relations.get('public.products')?.oid;
  assert.deepEqual(rewritten.value.maskedColumns, [
    { relationOid, number: 2, column: 'public.products.name', mask: 'redact' },
  ]);
  assert.equal(rewritten.value.touchesMasked, true);
  const unmasked = rewriteSql('SELECT id FROM orders', MASKS);
  assert.ok(unmasked.ok);
  assert.equal(unmasked.value.touchesMasked, false);
});

test('maps positions of the rewritten text back to the text that was sent', () => {
  const sql = "SELECT 'é', name, nothing FROM products WHERE nowhere";
  const rewritten = rewriteSql(sql, MASKS);
  assert.ok(rewritten.ok);
  const { text, mapPosition } = rewritten.value;
  for (const word of ['SELECT', 'name, ', 'nothing', 'WHERE', 'nowhere']) {
    assert.equal(mapPosition(text.indexOf(word) + 1), sql.indexOf(word) + 1, word);
  }
  // What was put in stands for what it replaced.
  assert.equal(mapPosition(text.indexOf('[redacted]') + 1), sql.indexOf('products') + 1);
});

test('judges long texts in a thread and survives texts that break the parser', async () => {
  const long = `SELECT name FROM products WHERE id IN (${Array.from({ length: 3000 }, (_, i) => i).join(', ')})`;
  const refused = classifySql(long, SHOP);
  assert.equal(refused.ok ? '' : refused.error.name, 'too_large');
  const classified = await classifySqlLarge(long, SHOP);
  assert.ok(classified.ok);
  assert.ok(classified.value.rewrite(new Map([[1, 'redact']])).ok);
  const deep = await classifySqlLarge(`SELECT 1${' + 1'.repeat(100_000)}`, SHOP);
  assert.equal(deep.ok ? '' : deep.error.name, 'too_large');
  const huge = await classifySqlLarge(`SELECT '${'x'.repeat(1024 * 1024)}'`, SHOP);
  assert.equal(huge.ok ? '' : huge.error.name, 'too_large');
  assert.ok((await classifySqlLarge(long, SHOP)).ok);
});

test('the answer for a long text is kept too', async () => {
  const long = `SELECT '${'x'.repeat(9000)}'`;
  assert.equal(await classifySqlLarge(long, SHOP), await classifySqlLarge(long, SHOP));
  const other = { ...SHOP, version: 'other' };
  assert.notEqual(await classifySqlLarge(long, SHOP), await classifySqlLarge(long, other));
});

test('deeply nested texts are refused and the next one is judged', () => {
  for (const sql of [
    `SELECT 1${'+1'.repeat(4000)}`,
    `SELECT ${'('.repeat(3500)}(SELECT 1)${')'.repeat(3500)}`,
    `SELECT ARRAY${'['.repeat(4000)}${']'.repeat(4000)}`,
  ]) {
    const classified = classifySql(sql, SHOP);
    assert.ok(classified.ok || ['too_large', 'unparsed'].includes(classified.error.name));
  }
  assert.ok(classifySql('SELECT 1 -- after', SHOP).ok);
});

test('the answer for the same text and catalog is kept', () => {
  assert.equal(classifySql('SELECT 42', SHOP), classifySql('SELECT 42', SHOP));
  assert.notEqual(classifySql('SELECT 42', SHOP), classifySql('SELECT 42', { ...SHOP, version: 'other' }));
});
