/** One growing file of the log. A write either ends up whole in it, or leaves it as it was. */
import type fs from 'node:fs';
import path from 'node:path';
import { segmentName } from './format.js';

/** The calls that can fail on a full or failing disk; tests put their own in. */
export type Disk = Pick<
  typeof fs,
  | 'openSync'
  | 'writeSync'
  | 'ftruncateSync'
  | 'fdatasync'
  | 'fdatasyncSync'
  | 'fsyncSync'
  | 'closeSync'
  | 'unlinkSync'
>;

export class Segment {
  /** The file ends in bytes of a failed write, which must go before the next one. */
  #soiled = false;

  private constructor(
    private readonly disk: Disk,
    private readonly descriptor: number,
    public bytes: number,
  ) {}

  static open(disk: Disk, file: string, bytes: number): Segment {
    return new Segment(disk, disk.openSync(file, 'r+'), bytes);
  }

  static create(disk: Disk, dir: string, firstSeq: number): Segment {
    const file = path.join(dir, segmentName(firstSeq));
    const descriptor = disk.openSync(file, 'wx+', 0o600);
    try {
      syncDirectory(disk, dir);
    } catch (cause) {
      // Fail closed: a segment whose name may vanish is not written to; the next attempt makes it anew.
      disk.closeSync(descriptor);
      disk.unlinkSync(file);
      throw cause;
    }
    return new Segment(disk, descriptor, 0);
  }

  append(data: Buffer): void {
    if (this.#soiled) this.#clean();
    try {
      let written = 0;
      while (written < data.length) {
        const count = this.disk.writeSync(
          this.descriptor,
          data,
          written,
          data.length - written,
          this.bytes + written,
        );
        if (count === 0) throw new Error('the disk took nothing');
        written += count;
      }
      this.bytes += data.length;
    } catch (cause) {
      // Fail closed: a short write is no write. What it left is cut off now, or before the next attempt.
      this.#soiled = true;
      try {
        this.#clean();
      } catch {
        // Still soiled: the next append begins by trying again, and fails if it cannot.
      }
      throw cause;
    }
  }

  #clean(): void {
    this.disk.ftruncateSync(this.descriptor, this.bytes);
    this.#soiled = false;
  }

  /** Off the main thread. */
  sync(done: (error: Error | null) => void): void {
    this.disk.fdatasync(this.descriptor, done);
  }

  close(): void {
    this.disk.fdatasyncSync(this.descriptor);
    this.disk.closeSync(this.descriptor);
  }
}

/** A new name in a directory survives a power cut only once the directory itself is synced. */
export function syncDirectory(disk: Disk, dir: string): void {
  const descriptor = disk.openSync(dir, 'r');
  try {
    disk.fsyncSync(descriptor);
  } finally {
    disk.closeSync(descriptor);
  }
}
