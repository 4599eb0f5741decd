/** The facts schema: every fact a condition (`when`) may read. CEL conditions are type-checked against this table. */

export type FactType = 'bool' | 'int' | 'string' | 'list(string)';

export interface FactDefinition {
  readonly name: string;
  readonly type: FactType;
  /** Protocols that provide it; `*` means all. */
  readonly protocols: readonly string[];
  /** `always`: known for each request of those protocols. `sometimes`: may be unknown, so reading it can fail. */
  readonly known: 'always' | 'sometimes';
  /** True when finding it costs a question to the backend; computed only when a policy asks. */
  readonly costly?: true;
  readonly doc: string;
}

export const FACTS: readonly FactDefinition[] = [
  {
    name: 'principal.subject',
    type: 'string',
    protocols: ['*'],
    known: 'always',
    doc: 'Subject of the verified token',
  },
  {
    name: 'principal.groups',
    type: 'list(string)',
    protocols: ['*'],
    known: 'always',
    doc: 'Groups of the verified token',
  },
  {
    name: 'principal.issuer',
    type: 'string',
    protocols: ['*'],
    known: 'always',
    doc: 'Issuer of the verified token',
  },
  {
    name: 'session.intent',
    type: 'string',
    protocols: ['*'],
    known: 'always',
    doc: 'What the agent said it is doing; empty when it said nothing',
  },
  {
    name: 'session.age_seconds',
    type: 'int',
    protocols: ['*'],
    known: 'always',
    doc: 'Seconds since the session began',
  },
  {
    name: 'connection.name',
    type: 'string',
    protocols: ['*'],
    known: 'always',
    doc: 'Name of the connection',
  },
  {
    name: 'request.hour',
    type: 'int',
    protocols: ['*'],
    known: 'always',
    doc: 'Hour of the day in UTC, 0 to 23',
  },
  {
    name: 'request.weekday',
    type: 'int',
    protocols: ['*'],
    known: 'always',
    doc: 'Day of the week in UTC, 1 (Monday) to 7 (Sunday)',
  },
  {
    name: 'sql.kind',
    type: 'string',
    protocols: ['postgres', 'mysql'],
    known: 'always',
    doc: 'Kind of the statement: select, insert, update, delete, merge, explain, set, transaction, other; `multiple` for a text of several kinds',
  },
  {
    name: 'sql.statements',
    type: 'int',
    protocols: ['postgres', 'mysql'],
    known: 'always',
    doc: 'Number of statements in the text',
  },
  {
    name: 'sql.tables',
    type: 'list(string)',
    protocols: ['postgres', 'mysql'],
    known: 'always',
    doc: 'Every relation the request touches, as schema.table',
  },
  {
    name: 'sql.columns',
    type: 'list(string)',
    protocols: ['postgres', 'mysql'],
    known: 'always',
    doc: 'Columns named by the request of the relations it touches, as schema.table.column; all of them where it says *',
  },
  {
    name: 'sql.functions',
    type: 'list(string)',
    protocols: ['postgres', 'mysql'],
    known: 'always',
    doc: 'Functions the request calls, as schema.function',
  },
  {
    name: 'sql.has_where',
    type: 'bool',
    protocols: ['postgres', 'mysql'],
    known: 'always',
    doc: 'True when every update and delete, and every outermost select, has a WHERE clause',
  },
  {
    name: 'sql.limit',
    type: 'int',
    protocols: ['postgres', 'mysql'],
    known: 'sometimes',
    doc: 'Constant LIMIT of the outermost select; unknown when there is none',
  },
  {
    name: 'sql.joins',
    type: 'int',
    protocols: ['postgres', 'mysql'],
    known: 'always',
    doc: 'Number of relations beyond the first in all FROM clauses',
  },
  {
    name: 'sql.estimated_rows',
    type: 'int',
    protocols: ['postgres', 'mysql'],
    known: 'sometimes',
    costly: true,
    doc: 'Rows the planner expects the request to return or change',
  },
];

export const FACTS_BY_NAME: ReadonlyMap<string, FactDefinition> = new Map(
  FACTS.map((fact) => [fact.name, fact]),
);

/** Actions by protocol. `connect` is an access of every session: permitted by any permission at the connection. */
export const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  '*': ['connect'],
  postgres: [
    'select',
    'insert',
    'update',
    'delete',
    'truncate',
    'call',
    'lock',
    'set',
    'create',
    'alter',
    'drop',
    'grant',
    'copy',
    'vacuum',
    'analyze',
    'comment',
    'refresh',
    'other',
  ],
};
