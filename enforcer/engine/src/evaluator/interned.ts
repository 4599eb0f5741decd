/**
 * Who asks and what is asked, resolved to numbers once and found again by the value of their strings. Everything
 * is forgotten together when the arena of the instance or one of the caps is full.
 */
import { abi, type Access } from '@sluice/schemas';
import type { SlotSet } from './facts-read.js';
import { REQUEST, REQUEST_END, type EvaluatorInstance } from './instance.js';
import { writeText } from './write-text.js';

/** A principal as the evaluator knows it; stays valid for the policy that gave it. */
export interface InternedPrincipal {
  readonly subject: string;
  readonly groups: readonly string[];
  /** Address in the instance of `epoch`; made anew when that is gone. */
  address: number;
  epoch: number;
}

/** Connection, accesses and columns of a request as the evaluator knows them. */
export interface InternedShape {
  readonly connection: string;
  readonly accesses: readonly Access[];
  readonly columns: readonly string[];
  address: number;
  /** The facts that its decisions may read. */
  slots: SlotSet;
  epoch: number;
}

/** `full`: forget everything and try again. `too_large`: no amount of room would do. */
export type InternFailure = 'full' | 'too_large';

class Node<Leaf> {
  readonly next = new Map<string, Node<Leaf>>();
  columns: Node<Leaf> | undefined;
  leaf: Leaf | undefined;
}

const NODES_LIMIT = 262_144;
const NAMES_LIMIT = 65_536;
/** Larger requests are resolved each time: keeping them would cost more than it saves. */
const KEPT_NAMES_LIMIT = 256;

export class InternTable {
  readonly #principals = new Node<InternedPrincipal>();
  readonly #shapes = new Node<InternedShape>();
  #nodes = 0;
  /** Too much is kept: time to forget it all. */
  isFull = false;
  readonly #resources = new Map<string, number>();
  readonly #columns = new Map<string, number>();
  readonly #actions = new Map<string, number>();
  readonly #connections = new Map<string, number>();

  constructor(private readonly instance: EvaluatorInstance) {}

  principal(subject: string, groups: readonly string[]): InternedPrincipal {
    if (groups.length > KEPT_NAMES_LIMIT) return { subject, groups, address: 0, epoch: -1 };
    let node = this.#step(this.#principals, subject);
    for (const group of groups) node = this.#step(node, group);
    return (node.leaf ??= { subject, groups: [...groups], address: 0, epoch: -1 });
  }

  shape(connection: string, accesses: readonly Access[], columns: readonly string[]): InternedShape {
    if (accesses.length + columns.length > KEPT_NAMES_LIMIT) {
      return { connection, accesses, columns, address: 0, slots: 0, epoch: -1 };
    }
    let node = this.#step(this.#shapes, connection);
    for (const { action, resource } of accesses) node = this.#step(this.#step(node, action), resource);
    node = node.columns ??= new Node();
    for (const column of columns) node = this.#step(node, column);
    return (node.leaf ??= {
      connection,
      accesses: accesses.map(({ action, resource }) => ({ action, resource })),
      columns: [...columns],
      address: 0,
      slots: 0,
      epoch: -1,
    });
  }

  #step<Leaf>(node: Node<Leaf>, name: string): Node<Leaf> {
    const known = node.next.get(name);
    if (known !== undefined) return known;
    const made = new Node<Leaf>();
    node.next.set(name, made);
    if (++this.#nodes > NODES_LIMIT) this.isFull = true;
    return made;
  }

  /** Address of a principal in the instance. */
  resolvePrincipal({ subject, groups }: InternedPrincipal): number | InternFailure {
    if (groups.length > abi.MAX_GROUPS) return 'too_large';
    const { u8, u32, calls } = this.instance;
    let at = REQUEST;
    for (let i = -1; i < groups.length; i++) {
      const name = i < 0 ? `user:${subject}` : `group:${groups[i] ?? ''}`;
      const bytes = writeText(u8, name, at + 4, Math.min(at + 4 + abi.MAX_NAME_BYTES, REQUEST_END - 4));
      if (bytes < 0) return 'too_large';
      u32[at >> 2] = bytes;
      at += 4 + ((bytes + 3) & ~3);
    }
    return calls.internPrincipal(groups.length + 1) || 'full';
  }

  /** Address of a shape in the instance. */
  resolveShape({ connection, accesses, columns }: InternedShape): number | InternFailure {
    if (accesses.length > abi.MAX_ACCESSES || columns.length > abi.MAX_COLUMNS) return 'too_large';
    const { u32, calls } = this.instance;
    const words: number[] = [];
    for (const { action, resource } of accesses) {
      const symbol = this.#name(this.#actions, action, calls.findAction);
      const selectors = this.#name(this.#resources, resource, calls.internResource);
      if (symbol < 0 || selectors < 0) return 'too_large';
      if (selectors === 0) return 'full';
      words.push(symbol, selectors);
    }
    for (const column of columns) {
      const selectors = this.#name(this.#columns, column, calls.internColumn);
      if (selectors < 0) return 'too_large';
      if (selectors === 0) return 'full';
      words.push(selectors);
    }
    const symbol = this.#name(this.#connections, connection, calls.findConnection);
    if (symbol < 0) return 'too_large';
    u32.set(words, REQUEST >> 2);
    return calls.internShape(symbol, accesses.length, columns.length) || 'full';
  }

  /** Asks the evaluator about a name, once; -1 when it is too long. */
  #name(known: Map<string, number>, name: string, find: (bytes: number) => number): number {
    const found = known.get(name);
    if (found !== undefined) return found;
    const bytes = writeText(this.instance.u8, name, REQUEST, REQUEST + abi.MAX_NAME_BYTES);
    if (bytes < 0) return -1;
    const result = find(bytes);
    // 0 is an unknown action or connection, but a full arena for resources and columns.
    if (result !== 0) known.set(name, result);
    if (known.size > NAMES_LIMIT) this.isFull = true;
    return result;
  }
}
