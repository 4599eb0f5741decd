/** A policy of 1,000 rules for the tables of pgbench, compiled and loaded as in production. */
import { loadPolicy } from '@sluice/engine';
import type { Generation } from '@sluice/enforcer';
import { compileFiles, link, renderDiagnostics } from '@sluice/policy-compiler';

const RULES = 1000;

const CONNECTION = `
apiVersion: sluice/v1
kind: Connection
metadata: { name: bench-db }
spec: { protocol: postgres }
`;

/** One rule lets the bench read; the others are about other tables and groups. */
function policy(): string {
  const others = Array.from({ length: RULES - 1 }, (_, i) => {
    const effect = i % 3 === 0 ? 'deny' : 'allow';
    return `    - { id: other-${i}, effect: ${effect}, actions: [select], resources: [public.t${i}] }`;
  });
  return `
apiVersion: sluice/v1
kind: Policy
metadata: { name: bench, owner: "@acme/bench" }
spec:
  subjects: { groups: [support-agents] }
  connections: [bench-db]
  rules:
    - { id: read, effect: allow, actions: [select], resources: [public.pgbench_accounts] }
${others.join('\n')}
`;
}

export function benchGeneration(): Generation {
  const text = new TextEncoder();
  const compiled = compileFiles('/', [
    { file: 'connection.yaml', bytes: text.encode(CONNECTION) },
    { file: 'policy.yaml', bytes: text.encode(policy()) },
  ]);
  if (!compiled.ok) throw new Error(renderDiagnostics(compiled.diagnostics, { colour: false }));
  const { plan, rules } = compiled.value;
  return { number: 1, digest: 'bench', policy: loadPolicy(link(plan), rules) };
}
