/** Facts by the names that conditions write. */
import { FACTS, FACTS_BY_NAME, type FactDefinition } from '@sluice/schemas';
import { nearestName } from '@sluice/schemas/diagnostics';

/** First parts of all fact names (`sql`, `session`, ...): no variable may hide them. */
export const FACT_ROOTS: ReadonlySet<string> = new Set(FACTS.map(({ name }) => name.split('.')[0] ?? name));

export const findFact = (name: string): FactDefinition | undefined => FACTS_BY_NAME.get(name);

/** How many of the protocols provide a fact. */
export function availability(fact: FactDefinition, protocols: readonly string[]): 'all' | 'some' | 'none' {
  const providing = protocols.filter((name) => fact.protocols.includes('*') || fact.protocols.includes(name));
  if (providing.length === protocols.length) return 'all';
  return providing.length > 0 ? 'some' : 'none';
}

/** What the author may have meant by a name that is no fact. */
export function suggestionFor(name: string): string {
  const below = FACTS.filter((fact) => fact.name.startsWith(`${name}.`)).map((fact) => `\`${fact.name}\``);
  if (below.length > 0) return `Facts below it: ${below.join(', ')}.`;
  const nearest = findFact(nearestName(name, FACTS_BY_NAME.keys()) ?? '');
  if (nearest !== undefined) return `Did you mean \`${nearest.name}\`? ${nearest.doc}.`;
  const root = name.split('.')[0] ?? name;
  const siblings = FACTS.filter((fact) => fact.name.startsWith(`${root}.`)).map((fact) => `\`${fact.name}\``);
  if (siblings.length > 0) return `Facts of \`${root}\`: ${siblings.join(', ')}.`;
  return `Facts begin with ${[...FACT_ROOTS].map((word) => `\`${word}.\``).join(', ')}.`;
}
