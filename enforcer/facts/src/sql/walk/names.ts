/** Functions, operators and types: known and pinned, the user's own and then an access, or refused. */
import { SAFE_FUNCTIONS, SAFE_QUALIFIED_FUNCTIONS } from '../allow/functions.js';
import { SAFE_OPERATORS } from '../allow/operators.js';
import { SAFE_TYPES } from '../allow/types.js';
import { canonicalName, quoted } from '../identifier.js';
import { bodyOf, flag, list, location, names, only, typed, type Raw } from '../raw.js';
import { unsupported } from '../refusal.js';
import type { Walker } from './walker.js';

/** Resolves the function of a call; `at` is the place of its name, undefined where the grammar supplied it. */
export function resolveFunction(walker: Walker, parts: readonly string[], at: number | undefined): void {
  const [first = '', second] = parts;
  if (parts.length === 1) return resolveBareFunction(walker, first, at);
  if (parts.length > 2 || second === undefined) return unsupported(`function \`${canonicalName(...parts)}\``);
  const canonical = canonicalName(first, second);
  const safe = first === 'pg_catalog' ? SAFE_FUNCTIONS.has(second) : SAFE_QUALIFIED_FUNCTIONS.has(canonical);
  if (!safe) {
    if (!walker.index.catalog.functions.has(canonical)) return unsupported(`function \`${canonical}\``);
    walker.findings.access('call', canonical);
  }
  walker.findings.functions.add(canonical);
}

/**
 * A bare name is looked for in the whole search path and the best match by argument types wins, so a function of
 * the user's may stand before one of pg_catalog. What is unambiguous is pinned; what is not needs a rule for each
 * function it may mean.
 */
function resolveBareFunction(walker: Walker, name: string, at: number | undefined): void {
  const { findings, index } = walker;
  const safe = SAFE_FUNCTIONS.has(name);
  const schemas = index.functionSchemas(name).filter((schema) => index.path().includes(schema));
  if (!safe && schemas.length === 0) return unsupported(`function \`${name}\``);
  for (const schema of schemas) {
    const canonical = canonicalName(schema, name);
    findings.access('call', canonical);
    findings.functions.add(canonical);
  }
  if (safe) findings.functions.add(canonicalName('pg_catalog', name));
  const [pinned, ...others] = safe ? ['pg_catalog', ...schemas] : schemas;
  if (pinned === undefined || at === undefined) return unsupported(`function \`${name}\``);
  if (others.length > 0) {
    // Only pg_catalog's safe ones and permitted ones can be meant; a second user schema cannot be told apart.
    return safe ? undefined : unsupported(`function \`${name}\`, which is in several schemas,`);
  }
  const start = walker.tokens.token(walker.tokens.at(at)).start;
  walker.tokens.nameEnd(walker.tokens.at(at), [name]);
  const schema = pinned === 'pg_catalog' ? pinned : walker.tokens.gapBefore(start) + quoted(pinned);
  findings.pins.push({ start, end: start, text: `${schema}.` });
}

/** An operator by its written name. Operators outside pg_catalog run functions nobody has looked at. */
export function resolveOperator(walker: Walker, parts: readonly string[]): void {
  const operator = parts.at(-1) ?? '';
  const safe = SAFE_OPERATORS.has(operator);
  const foreign = walker.index.catalog.operators.has(operator);
  const [schema] = parts.length > 1 ? parts : [];
  if (parts.length > 2 || (!safe && !foreign)) return unsupported(`operator \`${operator}\``);
  if (schema === 'pg_catalog' && !safe) return unsupported(`operator \`${operator}\``);
  if (schema === 'pg_catalog' || (schema === undefined && !foreign)) return;
  walker.findings.access('call', `operator(${operator})`);
}

/** The type of a cast or a column definition. */
export function resolveType(walker: Walker, node: Raw): void {
  only('TypeName', node, 'names', 'typmods', 'typemod', 'arrayBounds', 'location');
  const parts = names(list(node, 'names'));
  const [first = '', second] = parts;
  if (flag(node, 'setof') || flag(node, 'pct_type') || parts.length > 2) return unsupported('this type');
  for (const modifier of list(node, 'typmods')) {
    const { type } = typed(modifier);
    // `geometry(Point)`: a bare word here is a word, not a column.
    if (type !== 'A_Const' && type !== 'ColumnRef') unsupported('this type modifier');
  }
  for (const bound of list(node, 'arrayBounds')) bodyOf(bound, 'Integer');
  location(node);
  const { types } = walker.index.catalog;
  // pg_catalog is searched first and the first match wins, so a bare built-in name cannot be taken over.
  if (second === undefined && SAFE_TYPES.has(first)) return;
  if (first === 'pg_catalog' && second !== undefined && SAFE_TYPES.has(second)) return;
  const candidates =
    second === undefined
      ? walker.index.path().map((schema) => canonicalName(schema, first))
      : [canonicalName(first, second)];
  if (!candidates.some((candidate) => types.has(candidate)))
    unsupported(`type \`${canonicalName(...parts)}\``);
}
