/**
 * What the backend's prepared statements (or portals) are, by name. It must never believe that a name means
 * something else than the backend does, for what runs would then not be what was judged. Messages are sent before
 * their outcome is known, so each change is unsettled until the backend confirms it, and is taken back when it
 * failed or was skipped. Within one segment (the messages up to a Sync) a failure also skips whatever would use
 * the name; a later segment has to wait until the change is settled.
 */
export interface Change {
  confirm(): void;
  undo(): void;
}

interface Entry<T> {
  readonly value: T | undefined;
  readonly segment: number;
  settled: boolean;
}

export class NameTable<T> {
  readonly #entries = new Map<string, Entry<T>>();

  get(name: string): T | undefined {
    return this.#entries.get(name)?.value;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether using the name in `segment` must wait for the outcome of an earlier segment. */
  isOpen(name: string, segment: number): boolean {
    const entry = this.#entries.get(name);
    return entry !== undefined && !entry.settled && entry.segment < segment;
  }

  set(name: string, value: T, segment: number): Change {
    return this.#put(name, { value, segment, settled: false });
  }

  delete(name: string, segment: number): Change {
    return this.#put(name, { value: undefined, segment, settled: false });
  }

  /** Forgets at once, without the backend having a say in it. */
  forget(name: string): void {
    this.#entries.delete(name);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** Drops what was made in `segment` or before. */
  dropUntil(segment: number): void {
    for (const [name, entry] of this.#entries) {
      if (entry.segment <= segment) this.#entries.delete(name);
    }
  }

  #put(name: string, entry: Entry<T>): Change {
    const before = this.#entries.get(name);
    this.#entries.set(name, entry);
    return {
      confirm: () => {
        entry.settled = true;
        if (entry.value === undefined && this.#entries.get(name) === entry) this.#entries.delete(name);
      },
      // Undone from the last change to the first, so that each finds the table as it left it.
      undo: () => {
        if (this.#entries.get(name) !== entry) return;
        if (before) this.#entries.set(name, before);
        else this.#entries.delete(name);
      },
    };
  }
}
