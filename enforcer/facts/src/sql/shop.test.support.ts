/** The shop's catalog for unit tests, with a partitioned table and a function, an operator and a type of its own. */
import type { Mask } from '@sluice/schemas';
import { classifySql } from '../sql.js';
import type { Result } from '../result.js';
import type { Catalog, Relation, RelationKind } from './catalog.js';
import type { RewrittenSql } from './classify.js';
import { canonicalName } from './identifier.js';

interface Extra {
  readonly kind?: RelationKind;
  readonly parents?: readonly string[];
  readonly reads?: readonly string[];
}

let nextOid = 16_400;

/** Columns as `name` (of type text) or `name type`. */
function relation(schema: string, name: string, columns: readonly string[], extra: Extra = {}): Relation {
  return {
    oid: nextOid++,
    schema,
    name,
    kind: extra.kind ?? 'table',
    columns: columns.map((column, index) => {
      const [own = '', ...type] = column.split(' ');
      return { name: own, number: index + 1, type: type.join(' ') || 'text', notNull: false };
    }),
    parents: extra.parents ?? [],
    reads: extra.reads ?? [],
  };
}

const CUSTOMERS = ['id bigint', 'name', 'email', 'ssn', 'phone', 'region', 'birthday date'];

const RELATIONS: readonly Relation[] = [
  relation('public', 'customers', CUSTOMERS),
  relation('public', 'orders', ['id bigint', 'customer_id bigint', 'total_cents bigint', 'status', 'note']),
  relation('public', 'products', ['id bigint', 'name', 'price_cents bigint']),
  relation('public', 'Odd "Name"', ['id bigint', 'Ünïcode']),
  relation('payroll', 'salaries', ['id bigint', 'employee', 'amount_cents bigint']),
  relation('payroll', 'customers', ['id bigint', 'bonus bigint']),
  relation('public', 'events', ['id bigint', 'who'], { kind: 'partitioned_table' }),
  relation('public', 'events_eu', ['id bigint', 'who', 'iban'], { parents: ['public.events'] }),
  relation('public', 'customer_orders', ['order_id bigint', 'region'], {
    kind: 'view',
    reads: ['public.customers.email', 'public.customers.region', 'public.orders.id'],
  }),
  relation('pg_catalog', 'pg_class', ['oid oid', 'relname name']),
  relation('pg_catalog', 'pg_stats', ['tablename name', 'histogram_bounds']),
];

export const SHOP: Catalog = {
  version: 'shop',
  searchPath: ['public'],
  relations: new Map(RELATIONS.map((found) => [canonicalName(found.schema, found.name), found])),
  functions: new Set([
    'public.refund',
    'public.upper',
    'payroll.bonus',
    'public.pg_read_file',
    'public.region',
  ]),
  operators: new Set(['===', '||']),
  types: new Set(['public.mood']),
};

/** The rewritten text of a statement under masks by canonical column. */
export function rewriteSql(sql: string, masks: Readonly<Record<string, Mask>> = {}): Result<RewrittenSql> {
  const classified = classifySql(sql, SHOP);
  if (!classified.ok) return classified;
  const decided = classified.value.columns.flatMap((column, index): [number, Mask][] =>
    masks[column] === undefined ? [] : [[index, masks[column]]],
  );
  return classified.value.rewrite(new Map(decided));
}
