/** Compiles the conditions of rules, each text once, and says what is wrong with them at its place in the file. */
import { diagnose, type Diagnostic, type Origin } from '@sluice/schemas/diagnostics';
import { originAt, type Path } from '@sluice/schemas/yaml';
import { compileCondition } from '../conditions/index.js';
import type { Policy, RuleCondition } from './model.js';

export class ConditionCompiler {
  readonly #compiled = new Map<string, ReturnType<typeof compileCondition>>();

  constructor(private readonly diagnostics: Diagnostic[]) {}

  compile(policy: Policy, cel: string | undefined, path: Path): RuleCondition | undefined {
    if (cel === undefined) return undefined;
    const protocols = [...new Set(policy.connections.map(({ protocol }) => protocol))].sort();
    const key = `${protocols.join(' ')}\n${cel}`;
    let result = this.#compiled.get(key);
    if (result === undefined) {
      result = compileCondition(cel, protocols);
      this.#compiled.set(key, result);
    }
    const origin = originAt(policy.document.yaml, path);
    const problems = result.ok ? result.value.warnings : result.problems;
    for (const { error, message, help, from, to } of problems) {
      this.diagnostics.push(diagnose(error, within(origin, cel, from, to), message, help));
    }
    return { cel, compiled: result.ok ? result.value : undefined };
  }
}

/** The stretch of the file that shows `cel` from `from` to `to`; the whole value where escapes make that unclear. */
export function within(origin: Origin, cel: string, from: number, to: number): Origin {
  const { source, start, end } = origin;
  const written = source.text.slice(start, end);
  // Indentation and folding change the text between lines, not within them: find the line, then the column.
  const before = cel.slice(0, from);
  const line = cel.split('\n')[before.split('\n').length - 1] ?? '';
  const column = from - (before.lastIndexOf('\n') + 1);
  const at = line === '' ? -1 : written.indexOf(line);
  if (at < 0 || written.indexOf(line, at + 1) >= 0) return origin;
  const found = start + at + column;
  return { source, start: found, end: Math.min(end, found + Math.max(1, to - from)) };
}
