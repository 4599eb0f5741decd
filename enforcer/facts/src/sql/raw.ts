/**
 * Reading the parse tree by allowlist. The tree is JSON as libpg-query prints it: a node is an object with one
 * key, its type. Nothing of it is read but through these functions, and a field nobody asked for is refused, so
 * that a construct we do not know cannot pass unseen.
 */
import { unsupported } from './refusal.js';

export type Raw = Readonly<Record<string, unknown>>;

export interface Typed {
  readonly type: string;
  readonly node: Raw;
}

const isRaw = (value: unknown): value is Raw =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The type and body of a wrapped node. */
export function typed(value: unknown): Typed {
  if (isRaw(value)) {
    const [type, ...others] = Object.keys(value);
    const node = type === undefined ? undefined : value[type];
    if (type !== undefined && others.length === 0 && isRaw(node)) return { type, node };
  }
  return unsupported('a part of the statement of unknown shape');
}

/** The body of a node that must be of one type. */
export function bodyOf(value: unknown, type: string): Raw {
  const wrapped = typed(value);
  return wrapped.type === type ? wrapped.node : unsupported(`\`${wrapped.type}\` in place of \`${type}\``);
}

/** Refuses a node with a field that its reader does not know. */
export function only(type: string, node: Raw, ...fields: readonly string[]): void {
  for (const field of Object.keys(node)) {
    if (!fields.includes(field)) unsupported(`\`${type}.${field}\``);
  }
}

export function list(node: Raw, field: string): readonly unknown[] {
  const value = node[field];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : unsupported(`\`${field}\` of unknown shape`);
}

export function child(node: Raw, field: string): Raw | undefined {
  const value = node[field];
  if (value === undefined) return undefined;
  return isRaw(value) ? value : unsupported(`\`${field}\` of unknown shape`);
}

export function text(node: Raw, field: string): string {
  const value = node[field] ?? '';
  return typeof value === 'string' ? value : unsupported(`\`${field}\` of unknown shape`);
}

export function flag(node: Raw, field: string): boolean {
  const value = node[field] ?? false;
  return typeof value === 'boolean' ? value : unsupported(`\`${field}\` of unknown shape`);
}

/** A byte offset; zero is left out of the JSON, and -1 means that there is none. */
export function location(node: Raw, field = 'location'): number {
  const value = node[field] ?? 0;
  return typeof value === 'number' ? value : unsupported(`\`${field}\` of unknown shape`);
}

/** One of the known values of an enumeration. */
export function choice<const T extends string>(node: Raw, field: string, ...known: readonly T[]): T {
  const value = text(node, field);
  return known.find((candidate) => candidate === value) ?? unsupported(`\`${field}\` \`${value}\``);
}

/** A list of String nodes, as names are. */
export const names = (values: readonly unknown[]): readonly string[] =>
  values.map((value) => text(bodyOf(value, 'String'), 'sval'));
