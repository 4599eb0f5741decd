/**
 * Keeps the newest good bundle deciding. A candidate is fetched, verified, activated aside, written down and
 * audited; only then one pointer is swapped. Whatever goes wrong on that way leaves the last good one in place.
 */
import { sha256, type ActiveBundle, type PolicyLoader, type Trust } from '@sluice/engine';
import { BUNDLE_ERRORS, SluiceError } from '@sluice/schemas';
import type { Clock, Generation, PolicySource } from '../pipeline/ports.js';
import { BundleReporter, type BundleLog, type OnEvent } from './bundle-reporter.js';
import { BundleStore } from './bundle-store.js';
import { fileSource } from './file-source.js';
import { Freshness } from './freshness.js';
import { loadCandidate, loadLastGood } from './load-candidate.js';
import type { BundleSource } from './source.js';
import { closedBy, judge, type Activated, type BundleStatus, type Fault, type Verdict } from './status.js';

export interface PolicySourceOptions {
  /** Path of a bundle file, or of a directory of which the newest `*.tar.gz` counts; or any other source. */
  readonly source: string | BundleSource;
  readonly trust: Trust;
  /** Where the highest version and the last good bundle survive a restart. */
  readonly stateDir: string;
  readonly pollMs: number;
  readonly staleAfterMs: number;
  readonly failClosedAfterMs: number;
  readonly clock: Clock;
  readonly log: BundleLog;
  /** Audits an operation; a bundle whose activation cannot be audited is not activated. */
  readonly onEvent: OnEvent;
  /** Another loader than the engine's own is for tests. */
  readonly loadPolicy?: PolicyLoader;
}

export interface BundlePolicySource extends PolicySource {
  status(): BundleStatus;
  /** Takes up the last good bundle, looks at the source, and begins to watch it. Resolves when that is done; never rejects for a bad bundle. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Looks at the source now. Resolves when what was there at the call is active or refused. */
  checkNow(): Promise<void>;
}

/** Writes come in bursts: one look for all of them. */
const DEBOUNCE_MS = 50;
/** How often the time of the last confirmation is written down. */
const CONFIRM_WRITE_MS = 60_000;

export function createPolicySource(options: PolicySourceOptions): BundlePolicySource {
  return new WatchedPolicySource(options);
}

class WatchedPolicySource implements BundlePolicySource {
  readonly #options: PolicySourceOptions;
  readonly #source: BundleSource;
  readonly #store: BundleStore;
  readonly #fresh: Freshness;
  readonly #reporter: BundleReporter;
  readonly #stopped = new AbortController();
  #activated: Activated | undefined;
  #fault: Fault | undefined;
  /** State of the source that `#activated` came from. */
  #tag: string | undefined;
  /** Digest of the bundle that is being looked at; empty when there is none. */
  #examined = '';
  #confirmWrittenMs = 0;
  /** Looks at the source run one after the other. */
  #tail: Promise<void> = Promise.resolve();
  #poll: NodeJS.Timeout | undefined;
  #debounce: NodeJS.Timeout | undefined;

  constructor(options: PolicySourceOptions) {
    const { source, stateDir, trust, clock, onEvent, log } = options;
    this.#options = options;
    this.#source = typeof source === 'string' ? fileSource(source) : source;
    this.#store = new BundleStore(stateDir, trust);
    this.#fresh = new Freshness(clock);
    this.#reporter = new BundleReporter(onEvent, log);
  }

  current(): Generation | undefined {
    const activated = this.#activated;
    if (activated === undefined) return undefined;
    const closed = closedBy(activated, this.#options.clock.now(), this.#fresh.ageMs(), this.#options);
    return closed === undefined ? activated.generation : undefined;
  }

  status(): BundleStatus {
    const activated = this.#activated;
    const { state, fault } = this.#judge();
    return {
      state,
      code: fault?.error.code ?? '',
      message: fault?.message ?? '',
      source: this.#source.name,
      generation: activated?.generation.number ?? 0,
      version: activated?.version ?? 0,
      revision: activated?.revision ?? '',
      digest: activated?.generation.digest ?? '',
      activatedMs: activated?.activatedMs ?? 0,
      confirmedMs: this.#fresh.confirmedMs,
      expiresMs: activated?.expiresMs ?? 0,
    };
  }

  async start(): Promise<void> {
    await this.checkNow();
    this.#source.watch(() => this.#hint(), this.#stopped.signal);
    this.#scheduleAfterPoll();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#poll);
    clearTimeout(this.#debounce);
    await this.#tail;
  }

  checkNow(): Promise<void> {
    void this.#enqueue(() => this.#restore());
    return this.#enqueue(() => this.#look());
  }

  #enqueue(step: () => Promise<void>): Promise<void> {
    this.#tail = this.#runAfter(this.#tail, step);
    return this.#tail;
  }

  async #runAfter(previous: Promise<void>, step: () => Promise<void>): Promise<void> {
    await previous;
    this.#examined = '';
    try {
      await step();
    } catch (cause) {
      // Fail closed: nothing was swapped, the last good bundle stays, and its age goes on growing.
      this.#fault = faultOf(cause);
      await this.#reporter.refused(this.#examined, this.#fault);
    }
    await this.#reporter.state(this.#judge(), this.#activated?.generation.digest ?? '');
  }

  #hint(): void {
    clearTimeout(this.#debounce);
    this.#debounce = setTimeout(() => void this.checkNow(), DEBOUNCE_MS);
  }

  #scheduleAfterPoll(): void {
    if (this.#stopped.signal.aborted) return;
    this.#poll = setTimeout(() => {
      void this.checkNow().then(() => this.#scheduleAfterPoll());
    }, this.#options.pollMs);
  }

  /** At the start, and for as long as nothing decides: what stood in the way may have been mended. */
  async #restore(): Promise<void> {
    if (this.#activated !== undefined || this.#stopped.signal.aborted) return;
    const bytes = await this.#store.readLastGood();
    if (bytes === undefined) return;
    this.#examined = sha256(bytes);
    const active = await loadLastGood(bytes, { ...this.#options, store: this.#store });
    const confirmedMs = await this.#store.readConfirmedMs();
    await this.#swap(active, 'restored');
    // Unknown: the oldest time it can be.
    this.#fresh.confirmAt(confirmedMs ?? active.bundle.issuedMs);
  }

  async #look(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    const fetched = await this.#source.fetch(this.#tag, this.#stopped.signal);
    if (fetched.kind === 'candidate') {
      this.#examined = sha256(fetched.bytes);
      if (this.#examined !== this.#activated?.generation.digest) await this.#take(fetched.bytes);
      // Not before it is in place, so that a refused one is looked at again.
      this.#tag = fetched.tag;
    }
    this.#fault = undefined;
    this.#reporter.accepted();
    await this.#confirm();
  }

  async #take(bytes: Uint8Array): Promise<void> {
    await this.#swap(await loadCandidate(bytes, { ...this.#options, store: this.#store }), 'activated');
  }

  async #swap({ bundle, policy }: ActiveBundle, how: 'activated' | 'restored'): Promise<void> {
    const number = (this.#activated?.generation.number ?? 0) + 1;
    await this.#reporter.activating(how, bundle, number);
    const { version, digest, manifest, expiresMs } = bundle;
    this.#activated = {
      generation: Object.freeze({ number, digest, policy }),
      version,
      revision: manifest.revision,
      activatedMs: this.#options.clock.now(),
      expiresMs,
    };
  }

  async #confirm(): Promise<void> {
    if (this.#activated === undefined) return;
    this.#fresh.confirm();
    const { confirmedMs } = this.#fresh;
    if (Math.abs(confirmedMs - this.#confirmWrittenMs) < CONFIRM_WRITE_MS) return;
    await this.#store.writeConfirmedMs(confirmedMs);
    this.#confirmWrittenMs = confirmedMs;
  }

  #judge(): Verdict {
    const { clock } = this.#options;
    return judge(this.#activated, this.#fault, clock.now(), this.#fresh.ageMs(), this.#options);
  }
}

function faultOf(cause: unknown): Fault {
  if (cause instanceof SluiceError) return { error: cause.definition, message: cause.message };
  return {
    error: BUNDLE_ERRORS.bundle_malformed,
    message: cause instanceof Error ? cause.message : String(cause),
  };
}
