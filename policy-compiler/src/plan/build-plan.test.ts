import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import { pb } from '@sluice/schemas';
import fc from 'fast-check';
import { compileFiles, type Repository } from '../repository.js';

const HEAD = `apiVersion: sluice/v1
kind: Connection
metadata: { name: shop-db, labels: { env: prod } }
spec: { protocol: postgres }
---
apiVersion: sluice/v1
kind: Connection
metadata: { name: crm, labels: { env: test } }
spec: { protocol: postgres }
---
apiVersion: sluice/v1
kind: Classification
metadata: { name: pii }
spec:
  connections: [shop-db]
  columns:
    Public.Customers.SSN: [pii.ssn]
    public.customers.email: [pii.email]
`;

const policy = (name: string, rules: readonly string[], extra = ''): string => `apiVersion: sluice/v1
kind: Policy
metadata: { name: ${name}, owner: ops }
spec:
${extra}  subjects: { groups: [b, a], users: [eve] }
  connections: { labels: { env: prod } }
  rules:
${rules.map((rule) => `    - ${rule}\n`).join('')}`;

const RULES = [
  '{ id: read, effect: allow, actions: [select], resources: [Public.Orders, public.customers], limits: { rows: 5, rate: 10/2m } }',
  '{ id: hide, effect: mask, columns: { tags: [pii] }, with: null }',
  '{ id: few, effect: deny, resources: ["payroll.*"], when: sql.joins > 2 }',
  '{ id: ask, effect: require_approval, actions: [update], resources: [public.orders], approval: { approvers: [dba] } }',
];

function compile(...texts: readonly string[]): Repository {
  const files = texts.map((text, index) => ({
    file: `${index}.yaml`,
    bytes: new TextEncoder().encode(text),
  }));
  const compiled = compileFiles('', files);
  assert.ok(compiled.ok, compiled.ok ? '' : JSON.stringify(compiled.diagnostics));
  return compiled.value;
}

/** Positions tell files and lines apart, which order may change; nothing else may differ. */
function bytesWithoutPositions({ plan }: Repository): Buffer {
  const rules = plan.rules.map((rule) => ({ ...rule, position: undefined }));
  return Buffer.from(toBinary(pb.PlanSchema, { ...plan, rules }));
}

test('interns names in sorted tables and names them by index', () => {
  const { plan } = compile(HEAD, policy('p', RULES));
  assert.deepEqual(plan.subjects, ['group:a', 'group:b', 'user:eve']);
  assert.deepEqual(plan.connections, ['shop-db']);
  assert.deepEqual(plan.actions, ['*', 'connect', 'select', 'update']);
  assert.deepEqual(
    plan.resources.map(({ text, glob }) => `${text} ${glob}`),
    ['payroll.* true', 'public.customers false', 'public.orders false', 'shop-db false'],
  );
  assert.deepEqual(
    plan.rules.map(({ id }) => id),
    ['p/ask', 'p/connect', 'p/few', 'p/hide', 'p/read'],
  );
});

test('resolves tags to columns and labels to connections', () => {
  const { plan } = compile(HEAD, policy('p', RULES));
  const hide = plan.rules.find(({ id }) => id === 'p/hide');
  assert.deepEqual(
    hide?.columns.map((index) => plan.columns[index]?.text),
    ['public.customers.email', 'public.customers.ssn'],
  );
  assert.equal(hide?.mask, pb.Mask.NULL);
});

test('reads limits, approvals and positions', () => {
  const { plan, rules } = compile(HEAD, policy('p', RULES));
  const read = plan.rules.find(({ id }) => id === 'p/read');
  assert.equal(read?.limits?.rows, 5n);
  assert.deepEqual([read?.limits?.rate?.count, read?.limits?.rate?.windowSeconds], [10, 120]);
  const ask = rules.find(({ id }) => id === 'p/ask');
  assert.deepEqual(ask?.approval, { approvers: ['dba'], expiresSeconds: 900 });
  assert.deepEqual([ask?.file, ask?.line, ask?.column, ask?.owner], ['1.yaml', 11, 13, 'ops']);
});

test('adds the right to connect to an enforced policy that permits something, and to no other', () => {
  const implied = (text: string): string[] =>
    compile(HEAD, text).rules.flatMap(({ id, implied: added }) => (added ? [id] : []));
  assert.deepEqual(implied(policy('p', RULES)), ['p/connect']);
  assert.deepEqual(implied(policy('p', RULES.slice(1, 3))), [], 'masks and denies permit nothing');
  assert.deepEqual(implied(policy('p', RULES, '  mode: shadow\n')), [], 'a shadow policy permits nothing');
  const own =
    '{ id: connect, effect: allow, actions: [connect], resources: [shop-db], when: request.hour < 18 }';
  assert.deepEqual(implied(policy('p', [...RULES, own])), [], 'the author wrote it');
});

test('gives the same plan whatever the order of files and rules', () => {
  const reference = bytesWithoutPositions(compile(HEAD, policy('p', RULES), policy('q', RULES)));
  const shuffled = fc.shuffledSubarray(RULES, { minLength: RULES.length });
  fc.assert(
    fc.property(shuffled, shuffled, fc.boolean(), (first, second, swap) => {
      const policies = [policy('p', first), policy('q', second)];
      const repository = swap ? compile(...policies.reverse(), HEAD) : compile(HEAD, ...policies);
      assert.deepEqual(bytesWithoutPositions(repository), reference);
    }),
    { numRuns: 50 },
  );
});
