/**
 * Subset construction of a searching automaton: it begins anew at every code point, and once something matched
 * it stays in one accepting state, so that accepting after the last code point means that some part matched.
 */
import { MAX_DETERMINIZE_STEPS, MAX_DFA_STATES } from '../caps.js';
import type { Classes } from './classes.js';
import type { Nfa } from './nfa.js';
import { RegexRefusal } from './syntax.js';

export interface Dfa {
  /** Next state at [state * classes + class]. State 0 is the start. */
  readonly transitions: readonly number[];
  readonly accepting: readonly boolean[];
}

export function determinize(nfa: Nfa, classes: Classes): Dfa {
  let steps = 0;
  const spend = (): void => {
    if (++steps > MAX_DETERMINIZE_STEPS) throw tooComplex();
  };
  /** Everything reachable without consuming; `begin` and `end` say where in the text that is. */
  const close = (seeds: Iterable<number>, at: { begin: boolean; end: boolean }): Set<number> => {
    const reached = new Set(seeds);
    for (const index of reached) {
      spend();
      const state = nfa.states[index];
      if (state === undefined || state.kind === 'chars' || state.kind === 'accept') continue;
      if (state.kind === 'move' || at[state.kind]) for (const next of state.next) reached.add(next);
    }
    return reached;
  };
  const seen = new Map<string, number>();
  const subsets: { members: Set<number>; begin: boolean }[] = [];
  const numberOf = (members: Set<number>, begin: boolean): number => {
    // Matched already: what else is going on no longer matters.
    const kept = members.has(ACCEPT) ? new Set([ACCEPT]) : members;
    const key = `${begin && !kept.has(ACCEPT)}:${[...kept].sort((a, b) => a - b).join()}`;
    const known = seen.get(key);
    if (known !== undefined) return known;
    if (subsets.length >= MAX_DFA_STATES) throw tooComplex();
    seen.set(key, subsets.length);
    return subsets.push({ members: kept, begin }) - 1;
  };
  numberOf(close([nfa.start], { begin: true, end: false }), true);
  const transitions: number[] = [];
  const accepting: boolean[] = [];
  for (const { members, begin } of subsets) {
    accepting.push(close(members, { begin, end: true }).has(ACCEPT));
    const targets = Array.from({ length: classes.count }, () => new Set([nfa.start]));
    for (const member of members) {
      const state = nfa.states[member];
      if (state?.kind !== 'chars') continue;
      for (const found of classes.membersOf.get(state.set) ?? []) {
        spend();
        targets[found]?.add(state.next);
      }
    }
    for (const target of targets) {
      transitions.push(
        members.has(ACCEPT) ? numberOf(members, false) : numberOf(close(target, MIDDLE), false),
      );
    }
  }
  return { transitions, accepting };
}

const ACCEPT = 0;
const MIDDLE = { begin: false, end: false };

const tooComplex = (): RegexRefusal =>
  new RegexRefusal('too_complex', `its automaton has more than ${MAX_DFA_STATES} states`, 0, 0);

/** The smallest automaton that accepts the same texts, its states numbered in the order they are met. */
export function minimize(dfa: Dfa, classes: number): Dfa {
  const count = dfa.accepting.length;
  const next = (state: number, input: number): number => dfa.transitions[state * classes + input] ?? 0;
  // Moore: split groups of states until all of a group go to the same groups.
  let group = dfa.accepting.map(Number);
  for (let groups = new Set(group).size; ;) {
    const signatures = new Map<string, number>();
    const split: number[] = [];
    for (let state = 0; state < count; state++) {
      const parts = [group[state]];
      for (let input = 0; input < classes; input++) parts.push(group[next(state, input)]);
      const signature = parts.join();
      const found = signatures.get(signature) ?? signatures.size;
      signatures.set(signature, found);
      split.push(found);
    }
    group = split;
    if (signatures.size === groups) break;
    groups = signatures.size;
  }
  // States were met breadth first and groups are numbered by their first state: state 0 is in group 0.
  const representative = new Map<number, number>();
  group.forEach((found, state) => {
    if (!representative.has(found)) representative.set(found, state);
  });
  const states = [...representative.values()];
  return {
    transitions: states.flatMap((state) =>
      Array.from({ length: classes }, (_, input) => group[next(state, input)] ?? 0),
    ),
    accepting: states.map((state) => dfa.accepting[state] ?? false),
  };
}
