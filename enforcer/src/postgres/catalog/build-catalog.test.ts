import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCatalog, type CatalogRows } from './build-catalog.js';
import { rowsOf } from './estimate-rows.js';

const column = (relation: string, number: number, name: string) => ({
  relation,
  number,
  name,
  type: 'text',
  notNull: false,
});

const ROWS: CatalogRows = {
  relations: [
    { oid: '1', schema: 'public', name: 'people', kind: 'p' },
    { oid: '2', schema: 'public', name: 'people_2025', kind: 'r' },
    { oid: '3', schema: 'public', name: 'people_2025_01', kind: 'r' },
    { oid: '4', schema: 'public', name: 'names', kind: 'v' },
    { oid: '5', schema: 'public', name: 'Names Again', kind: 'v' },
    { oid: '6', schema: 'public', name: 'whole', kind: 'v' },
  ],
  columns: [
    column('1', 1, 'name'),
    column('1', 2, 'ssn'),
    column('4', 1, 'name'),
    column('5', 1, 'n'),
    column('6', 1, 'people'),
  ],
  parents: [
    { child: '3', parent: '2' },
    { child: '2', parent: '1' },
  ],
  reads: [
    { view: '4', relation: '1', attribute: 1, whole: false },
    { view: '5', relation: '4', attribute: 1, whole: false },
    { view: '6', relation: '1', attribute: 0, whole: true },
  ],
  functions: [{ schema: 'public', name: 'f' }],
  operators: [],
  types: [],
  searchPath: ['public'],
};

const catalog = buildCatalog(ROWS);

test('partitions know all their parents, nearest first', () => {
  const partition = catalog.relations.get('public.people_2025_01');
  assert.deepEqual(partition?.parents, ['public.people_2025', 'public.people']);
});

test('a view knows what it reads through other views', () => {
  const view = catalog.relations.get('public."Names Again"');
  assert.deepEqual(view?.reads, ['public.names.name', 'public.people.name']);
});

test('a view of whole rows counts as reading every column', () => {
  const view = catalog.relations.get('public.whole');
  assert.deepEqual(view?.reads, ['public.people.name', 'public.people.ssn']);
});

test('the version changes with anything in it', () => {
  assert.equal(buildCatalog(ROWS).version, catalog.version);
  assert.notEqual(buildCatalog({ ...ROWS, searchPath: ['other'] }).version, catalog.version);
});

test('the rows that a plan changes are those that come into it', () => {
  const scan = { 'Node Type': 'Seq Scan', 'Plan Rows': 70 };
  const update = { 'Node Type': 'ModifyTable', 'Plan Rows': 0, Plans: [scan] };
  assert.equal(rowsOf(scan), 70);
  assert.equal(rowsOf(update), 70);
  assert.equal(rowsOf({ 'Node Type': 'Limit', 'Plan Rows': 1, Plans: [update] }), 70);
});
