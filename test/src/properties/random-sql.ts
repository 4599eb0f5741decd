/** Random SELECT statements over the shop: every way a table can stand in one, nested and mixed. */
import type { Random } from './random.js';

interface Item {
  readonly name: string;
  readonly columns: readonly string[];
}

const TABLES: readonly Item[] = [
  { name: 'customers', columns: ['id', 'name', 'email', 'ssn', 'phone', 'region', 'birthday', 'created_at'] },
  { name: 'orders', columns: ['id', 'customer_id', 'total_cents', 'status', 'note'] },
];

/** One or two statements, each giving columns of type text. */
export function randomSql(random: Random): string {
  const writer = new Writer(random);
  const first = writer.statement();
  return random.chance(0.05) ? `${first}; ${writer.statement()}` : first;
}

/** In a recursive WITH the name hides its table from its own query too. */
const nonRecursive = (name: string): string =>
  `SELECT ssn::text, email::text FROM ${name === 'customers' ? 'public.' : 'ONLY '}customers`;

class Writer {
  #names = 0;

  constructor(private readonly random: Random) {}

  statement(): string {
    const explain = this.random.chance(0.05) ? 'EXPLAIN (COSTS off) ' : '';
    return explain + this.query(2, [], 1 + this.random.below(3));
  }

  /** A query of `width` text columns; `ctes` are visible names with their width of columns. */
  query(depth: number, ctes: readonly Item[], width: number): string {
    const { random } = this;
    const [clause, visible] = depth > 0 && random.chance(0.25) ? this.with(depth, ctes) : ['', ctes];
    if (depth > 0 && random.chance(0.15)) {
      const operator = random.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT']);
      const arms = [0, 1].map(() => `(${this.query(depth - 1, visible, width)})`);
      return `${clause}${arms.join(` ${operator} `)} ORDER BY 1 LIMIT 20`;
    }
    return clause + this.select(depth, visible, width);
  }

  with(depth: number, ctes: readonly Item[]): [string, readonly Item[]] {
    const { random } = this;
    const recursive = random.chance(0.2);
    const made: Item[] = [];
    const texts: string[] = [];
    for (let count = 1 + random.below(2); count > 0; count--) {
      // Often called as a table is, to shadow it.
      const taken = made.map(({ name }) => name);
      const free = ['customers', 'orders', this.name('w')].filter((name) => !taken.includes(name));
      const name = random.pick(free);
      const columns = [this.name('k'), random.pick(['ssn', 'id'])];
      const own = recursive ? [{ name, columns }] : [];
      // In a recursive WITH a query may not read itself but in one arm: it only hides the table here.
      const outer = [...ctes, ...made].filter((cte) => !own.some((self) => self.name === cte.name));
      const query = recursive ? nonRecursive(name) : this.query(depth - 1, outer, columns.length);
      texts.push(`${name} (${columns.join(', ')}) AS (${query})`);
      made.push({ name, columns });
    }
    const hidden = ctes.filter((cte) => !made.some(({ name }) => name === cte.name));
    return [`WITH ${recursive ? 'RECURSIVE ' : ''}${texts.join(', ')} `, [...hidden, ...made]];
  }

  select(depth: number, ctes: readonly Item[], width: number): string {
    const { random } = this;
    const items: Item[] = [];
    const from = this.from(depth, ctes, items);
    const targets = Array.from({ length: width }, () => `(${this.value(depth, ctes, items)})::text`);
    const distinct = random.chance(0.1) ? 'DISTINCT ' : '';
    const where = random.chance(0.5) ? ` WHERE ${this.condition(depth, ctes, items)}` : '';
    const order = random.chance(0.4) && distinct === '' ? `${this.value(0, ctes, items)}, ` : '';
    const numbers = targets.map((_, index) => index + 1).join(', ');
    return `SELECT ${distinct}${targets.join(', ')} FROM ${from}${where} ORDER BY ${order}${numbers} LIMIT 20`;
  }

  from(depth: number, ctes: readonly Item[], items: Item[]): string {
    const { random } = this;
    let text = this.item(depth, ctes, items);
    if (random.chance(0.3)) {
      const join = random.pick(['JOIN', 'LEFT JOIN', 'FULL JOIN', 'JOIN LATERAL', 'CROSS JOIN', ',']);
      const right = join.endsWith('LATERAL')
        ? this.subquery(depth, ctes, items, items)
        : this.item(depth, ctes, items);
      const on = join === ',' || join === 'CROSS JOIN' ? '' : ' ON true';
      text = `${text} ${join} ${right}${on}`;
    }
    return text;
  }

  item(depth: number, ctes: readonly Item[], items: Item[]): string {
    const { random } = this;
    const choice = random.below(10);
    if (depth > 0 && choice < 2) return this.subquery(depth, ctes, items, []);
    const [cte] = random.shuffled(ctes);
    if (cte && choice < 5) {
      const name = this.name('t');
      items.push({ name, columns: cte.columns });
      return `${cte.name} ${name}`;
    }
    const { name: table, columns } = random.pick(TABLES);
    const alias = this.name(random.pick(['t', 'é', 'orders_']));
    const renamed = random.chance(0.15) ? columns.map(() => this.name('c')) : columns;
    items.push({ name: alias, columns: renamed });
    const list = renamed === columns ? '' : ` (${renamed.join(', ')})`;
    const shadowed = ctes.some(({ name }) => name === table);
    const written = shadowed
      ? `public.${table}`
      : random.pick([table, `public.${table}`, `PUBLIC . "${table}"`]);
    const only = random.pick([written, written, `ONLY ${written}`, `ONLY (${written})`, `${written} *`]);
    const sample = random.chance(0.1) ? ' TABLESAMPLE bernoulli (100)' : '';
    return `${only} AS ${alias}${list}${sample}`;
  }

  subquery(depth: number, ctes: readonly Item[], items: Item[], outer: readonly Item[]): string {
    const name = this.name('s');
    const columns = [this.name('k'), 'ssn'];
    const [reach] = outer;
    const query =
      reach && this.random.chance(0.5)
        ? `SELECT ${this.column(outer)}::text, ssn::text FROM customers`
        : this.query(Math.max(0, depth - 1), ctes, 2);
    // A CTE may hide the table, and then has no such column perhaps: such statements fail, alike on both sides.
    items.push({ name, columns });
    return `(${query}) AS ${name} (${columns.join(', ')})`;
  }

  condition(depth: number, ctes: readonly Item[], items: readonly Item[]): string {
    const { random } = this;
    const value = `(${this.value(Math.max(0, depth - 1), ctes, items)})::text`;
    switch (random.below(depth > 0 ? 6 : 3)) {
      case 0:
        return `${value} > ${random.pick(["'917-53-'", "'c'", "'1'"])}`;
      case 1:
        return `${value} IS NOT NULL`;
      case 2:
        return `${value} LIKE '%1%'`;
      case 3:
        return `${value} IN (${this.query(depth - 1, ctes, 1)})`;
      case 4:
        return `EXISTS (${this.query(depth - 1, ctes, 1)})`;
      default:
        return `NOT (${this.condition(depth - 1, ctes, items)})`;
    }
  }

  value(depth: number, ctes: readonly Item[], items: readonly Item[]): string {
    const { random } = this;
    const column = this.column(items);
    const [item] = random.shuffled(items);
    switch (random.below(depth > 0 ? 10 : 7)) {
      case 0:
        return item?.name ?? '1';
      case 1:
        return `length(${column}::text)`;
      case 2:
        return `upper(${column}::text)`;
      case 3:
        return `row_to_json(${item?.name ?? 'NULL'})`;
      case 4:
        return `CASE WHEN ${column}::text < 'b' THEN 1 ELSE 2 END`;
      case 7:
        return `(${this.query(depth - 1, ctes, 1)} OFFSET 0)`.replace(' LIMIT 20 OFFSET 0)', ' LIMIT 1)');
      case 8:
        return `(SELECT string_agg(v, ',') FROM (${this.query(depth - 1, ctes, 1)}) AS ${this.name('g')} (v))`;
      case 9:
        return random.chance(0.5) ? `(${column}::text)::int` : `ARRAY(${this.query(depth - 1, ctes, 1)})`;
      default:
        return column;
    }
  }

  column(items: readonly Item[]): string {
    const { random } = this;
    const [item] = random.shuffled(items);
    if (item === undefined) return '1';
    const name = random.pick(item.columns);
    // In the notation `(row).column` only columns of tables are known.
    const row = TABLES.some(({ columns }) => columns.includes(name)) ? `(${item.name})` : item.name;
    return random.pick([`${item.name}.${name}`, `${row}.${name}`, `${item.name}."${name}"`]);
  }

  name(stem: string): string {
    return `${stem}${this.#names++}`;
  }
}
