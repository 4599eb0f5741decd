/**
 * Random statements, rewritten and run on a real server over two databases that differ in nothing but the masked
 * values: what comes back must be the same, errors included.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { classifySql, loadParser, type Catalog } from '@sluice/facts';
import type { Mask } from '@sluice/schemas';
import pg from 'pg';
import { randomSql } from '../properties/random-sql.js';
import { Random, seedOfRun } from '../properties/random.js';
import { leaksIn } from '../support/canaries.js';
import { startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { readCatalog } from '../support/read-catalog.js';

const MASKS: Readonly<Record<string, Mask>> = {
  'public.customers.name': 'redact',
  'public.customers.email': 'redact',
  'public.customers.ssn': 'redact',
  'public.customers.phone': 'null',
  'public.customers.birthday': 'null',
};
const STATEMENTS = 500;

let server: PostgresServer;
let client: pg.Client;
let catalog: Catalog;

before(async () => {
  await loadParser();
  server = await startPostgres();
  client = await server.connect();
  await client.query(`SET statement_timeout = '5s'; SET max_parallel_workers_per_gather = 0`);
  catalog = await readCatalog(client);
});

after(async () => {
  await client?.end();
  await server?.stop();
});

const OTHER_SECRETS = `
  UPDATE customers SET name = 'n' || (100 - id), email = 'e' || id * 7 % 100, ssn = (500 - id)::text,
    phone = CASE WHEN id % 2 = 0 THEN 'p' END, birthday = DATE '2001-01-01' - id::int`;

async function answersTo(texts: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const text of texts) {
    await client.query('SAVEPOINT s');
    const answer = await client.query({ text, rowMode: 'array' }).catch((error: unknown) => error);
    await client.query('ROLLBACK TO s');
    if (answer instanceof pg.DatabaseError)
      answers.push(`${answer.message} ${answer.detail} ${answer.where}`);
    else answers.push(JSON.stringify(resultsOf(answer).map(({ rows }) => rows)));
  }
  return answers;
}

const resultsOf = (answer: unknown): readonly pg.QueryArrayResult[] =>
  (Array.isArray(answer) ? answer : [answer]) as pg.QueryArrayResult[];

test('random statements show nothing of masked columns, by value or by inference', async () => {
  const seed = seedOfRun();
  const texts: string[] = [];
  const refusals = new Map<string, string>();
  for (let index = 0; index < STATEMENTS; index++) {
    const sql = randomSql(new Random(seed).fork(index));
    const classified = classifySql(sql, catalog);
    if (!classified.ok) {
      refusals.set(classified.message, sql);
      continue;
    }
    const masks = classified.value.columns.flatMap((column, at): [number, Mask][] =>
      MASKS[column] === undefined ? [] : [[at, MASKS[column]]],
    );
    const rewritten = classified.value.rewrite(new Map(masks));
    assert.ok(rewritten.ok, `${sql}\n${rewritten.ok ? '' : rewritten.message}`);
    texts.push(rewritten.value.text);
  }
  assert.ok(texts.length > STATEMENTS * 0.9, [...refusals].slice(0, 5).join('\n'));
  await client.query('BEGIN');
  const original = await answersTo(texts);
  await client.query(OTHER_SECRETS);
  const changed = await answersTo(texts);
  await client.query('ROLLBACK');
  for (const [index, text] of texts.entries()) {
    assert.deepEqual(leaksIn(original[index] ?? ''), [], text);
    assert.equal(changed[index], original[index], text);
  }
  const rows = original.filter((answer) => answer.startsWith('[['));
  assert.ok(rows.length > texts.length * 0.6, `only ${rows.length} of ${texts.length} ran`);
});
