/** How long ago the source last confirmed the bundle that decides. */
import type { Clock } from '../pipeline/ports.js';

export class Freshness {
  readonly #clock: Clock;
  #confirmedMs = 0;
  #monotonicUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get confirmedMs(): number {
    return this.#confirmedMs;
  }

  confirm(): void {
    this.confirmAt(this.#clock.now());
  }

  /** A confirmation of an earlier run; one that lies in the future is taken as of now. */
  confirmAt(confirmedMs: number): void {
    const nowMs = this.#clock.now();
    this.#confirmedMs = Math.min(confirmedMs, nowMs);
    this.#monotonicUs = this.#clock.monotonicUs() - (nowMs - this.#confirmedMs) * 1000;
  }

  /** The longer of two clocks: setting the time of day back must not make a bundle fresh. */
  ageMs(): number {
    const monotonicMs = (this.#clock.monotonicUs() - this.#monotonicUs) / 1000;
    return Math.max(this.#clock.now() - this.#confirmedMs, monotonicMs);
  }
}
