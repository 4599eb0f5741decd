/**
 * The last look at a rewritten text, by other means than the rewriting: it is parsed again and read through whole.
 * A relation with masked columns may stand only as the single source of a masking subquery, as the target of a
 * change, or in a statement that touches no rows of it; and there must be as many such subqueries as were asked.
 */
import { REQUEST_ERRORS } from '@sluice/schemas';
import type { CatalogIndex } from './catalog-index.js';
import type { Relation } from './catalog.js';
import type { MaskAnswers } from './masks.js';
import { parseTree } from './parser.js';
import type { Raw } from './raw.js';
import { refuse } from './refusal.js';
import type { Findings } from './walk/findings.js';

/** Fields that hold a RangeVar without its type: the target of INSERT, UPDATE, DELETE and of single definitions. */
const TARGET = 'relation';

/** Statements that name relations in lists and read no rows. */
const NAMING: ReadonlySet<string> = new Set(['TruncateStmt', 'LockStmt', 'GrantStmt']);

export function verifyRewrite(
  text: string,
  findings: Findings,
  masks: MaskAnswers,
  index: CatalogIndex,
): void {
  const parsed = parseTree(text);
  if (!parsed.ok) return broken('it does not parse');
  if (parsed.value.length !== findings.statements.length) return broken('it has other statements');
  const isMasked = (relation: Relation | undefined): boolean =>
    relation !== undefined && (masks.get(relation)?.columns.size ?? 0) > 0;
  const asked = findings.uses.filter(({ relation, mode }) => mode === 'read' && isMasked(relation)).length;
  const sources = new Reader((range) => isMasked(relationOf(range, index))).count(parsed.value);
  if (sources !== asked) broken('a masked relation was not replaced');
}

function relationOf({ schemaname, relname }: Raw, index: CatalogIndex): Relation | undefined {
  if (typeof schemaname === 'string' && typeof relname === 'string')
    return index.relation(schemaname, relname);
  return undefined;
}

class Reader {
  readonly #path: string[] = [];
  readonly #nodes: Raw[] = [];
  readonly #ctes = new Set<string>();
  readonly #bare = new Set<string>();
  #sources = 0;

  constructor(private readonly isMasked: (range: Raw) => boolean) {}

  /** How many masking subqueries there are; refuses when a masked relation stands anywhere else. */
  count(tree: unknown): number {
    this.#read(tree);
    // Every relation was pinned, so a bare name that is no CTE was never judged.
    for (const name of this.#bare)
      if (!this.#ctes.has(name)) broken('it names a relation that was not judged');
    return this.#sources;
  }

  #read(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.#read(item);
    } else if (isRaw(value)) {
      if (value['relname'] !== undefined) this.#place(value);
      if (typeof value['ctename'] === 'string') this.#ctes.add(value['ctename']);
      this.#nodes.push(value);
      for (const field of Object.keys(value)) {
        const part = value[field];
        if (typeof part !== 'object') continue;
        this.#path.push(field);
        this.#read(part);
        this.#path.pop();
      }
      this.#nodes.pop();
    }
  }

  #place(range: Raw): void {
    // FOR UPDATE OF names items of the FROM clause, not relations.
    if (this.#path.includes('lockedRels')) return;
    if (range['schemaname'] === undefined) this.#bare.add(String(range['relname']));
    if (!this.isMasked(range)) return;
    if (isMaskingSource(range, this.#nodes)) this.#sources++;
    else if (this.#path.at(-1) !== TARGET && !this.#path.some((field) => NAMING.has(field))) {
      broken('it reads a masked relation');
    }
  }
}

/** The row of a masking subquery is called so, and its SELECT has no other source. */
function isMaskingSource(range: Raw, nodes: readonly Raw[]): boolean {
  const alias = range['alias'];
  if (!isRaw(alias) || alias['aliasname'] !== '_row') return false;
  const from = nodes.findLast((node) => Array.isArray(node['fromClause']))?.['fromClause'];
  if (!Array.isArray(from) || from.length !== 1) return false;
  const [item] = from as readonly unknown[];
  if (!isRaw(item)) return false;
  const sample = item['RangeTableSample'];
  const source = isRaw(sample) ? sample['relation'] : item;
  return isRaw(source) && source['RangeVar'] === range;
}

const isRaw = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function broken(why: string): never {
  return refuse(REQUEST_ERRORS.internal, `the masked statement failed its check: ${why}`);
}
