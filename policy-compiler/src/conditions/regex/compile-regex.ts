/** A regular expression in RE2 syntax to an automaton that searches a text for it. */
import { create } from '@bufbuild/protobuf';
import { pb } from '@sluice/schemas';
import { RE2JS } from 're2js';
import { MAX_PATTERN_LENGTH } from '../caps.js';
import { toClasses } from './classes.js';
import { determinize, minimize } from './determinize.js';
import { toNfa } from './nfa.js';
import { parseRegex } from './parse-regex.js';
import { RegexRefusal } from './syntax.js';

export type CompiledRegex =
  | { readonly ok: true; readonly automaton: pb.Automaton }
  | {
      readonly ok: false;
      readonly reason: 'syntax' | 'unsupported' | 'too_complex';
      readonly message: string;
      /** Where in the pattern, in UTF-16 code units. */
      readonly offset: number;
      readonly length: number;
    };

export function compileRegex(pattern: string): CompiledRegex {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return {
      ok: false,
      reason: 'too_complex',
      message: `it has ${pattern.length} characters, at most ${MAX_PATTERN_LENGTH} are read`,
      offset: 0,
      length: pattern.length,
    };
  }
  try {
    // A pattern means what RE2 says, so RE2 must accept it first.
    RE2JS.compile(pattern);
  } catch (cause) {
    // Fail closed: a pattern that RE2 does not accept is refused.
    const said = cause instanceof Error ? cause.message : String(cause);
    const message = said.replace(/^error parsing regexp:\s*/, '').replace(/: `[^]*$/, '');
    return { ok: false, reason: 'syntax', message, offset: 0, length: pattern.length };
  }
  try {
    return { ok: true, automaton: toAutomaton(pattern) };
  } catch (cause) {
    if (!(cause instanceof RegexRefusal)) throw cause;
    // Fail closed: what cannot become an automaton is refused at compile time.
    const { reason, message, offset, length } = cause;
    return { ok: false, reason, message, offset, length: length || pattern.length };
  }
}

function toAutomaton(pattern: string): pb.Automaton {
  const nfa = toNfa(parseRegex(pattern));
  const sets = nfa.states.flatMap((state) => (state.kind === 'chars' ? [state.set] : []));
  const classes = toClasses([...new Set(sets)]);
  const { transitions, accepting } = minimize(determinize(nfa, classes), classes.count);
  return create(pb.AutomatonSchema, {
    pattern,
    rangeStarts: [...classes.starts],
    rangeClasses: [...classes.classOf],
    classes: classes.count,
    transitions: [...transitions],
    accepting: [...accepting],
  });
}

/** Runs an automaton over a text, as the evaluator does. */
export function automatonAccepts(automaton: pb.Automaton, text: string): boolean {
  let state = 0;
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    let range = automaton.rangeStarts.length - 1;
    while (range > 0 && (automaton.rangeStarts[range] ?? 0) > code) range--;
    const found = automaton.rangeClasses[range] ?? 0;
    state = automaton.transitions[state * automaton.classes + found] ?? 0;
  }
  return automaton.accepting[state] ?? false;
}
