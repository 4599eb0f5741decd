/** Tells the audit log and the operator's log what became of bundles, each thing once however often it is seen. */
import type { VerifiedBundle } from '@sluice/engine';
import { BUNDLE_ERRORS, SluiceError } from '@sluice/schemas';
import type { OperationEvent } from '../pipeline/ports.js';
import type { BundleState, Fault, Verdict } from './status.js';

/** As pino has it. */
export interface BundleLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export type OnEvent = (event: OperationEvent) => void | Promise<void>;

const REPORTED_LIMIT = 100;

export class BundleReporter {
  readonly #onEvent: OnEvent;
  readonly #log: BundleLog;
  /** What was reported since a bundle was last accepted. */
  readonly #refused = new Set<string>();
  #state: BundleState = 'ERROR';

  constructor(onEvent: OnEvent, log: BundleLog) {
    this.#onEvent = onEvent;
    this.#log = log;
  }

  /** Throws when it cannot be audited: the bundle must not be activated then. */
  async activating(how: 'activated' | 'restored', bundle: VerifiedBundle, generation: number): Promise<void> {
    const { version, digest, manifest, signers } = bundle;
    const detail = `version ${version}, revision \`${manifest.revision}\`, generation ${generation}, signed by ${signers.join(', ')}`;
    try {
      await this.#onEvent(event(`bundle.${how}`, digest, detail, ''));
    } catch (cause) {
      // Fail closed: what decides must be on record before it decides.
      const { bundle_unaudited: error } = BUNDLE_ERRORS;
      throw new SluiceError(error, error.title, { cause });
    }
    this.#log.info({ digest, version, generation }, `bundle ${how}`);
  }

  async refused(digest: string, { error, message }: Fault): Promise<void> {
    const refused = `${digest} ${error.code} ${message}`;
    if (this.#refused.has(refused)) return;
    if (this.#refused.size >= REPORTED_LIMIT) this.#refused.clear();
    this.#refused.add(refused);
    this.#log.warn({ digest, code: error.code, reason: message }, 'bundle refused');
    await this.#report(event('bundle.refused', digest, message, error.code));
  }

  /** The next refusal is news, even when it is the same as one before. */
  accepted(): void {
    this.#refused.clear();
  }

  async state({ state, fault }: Verdict, digest: string): Promise<void> {
    if (state === this.#state) return;
    this.#state = state;
    const operation = `bundle.state.${state.toLowerCase()}`;
    await this.#report(event(operation, digest, fault?.message ?? '', fault?.error.code ?? ''));
  }

  async #report(reported: OperationEvent): Promise<void> {
    try {
      await this.#onEvent(reported);
    } catch (cause) {
      // Nothing is widened by what could not be audited: these events change nothing. The log has it all the same.
      this.#log.warn({ operation: reported.operation, err: cause }, 'bundle event could not be audited');
    }
  }
}

const event = (operation: string, subject: string, detail: string, code: string): OperationEvent => ({
  operation,
  actor: 'sluice',
  subject,
  detail,
  code,
});
