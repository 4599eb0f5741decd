import type { ErrorDefinition } from './define.js';

/**
 * The one error class. `definition` says what kind of fault it is; `message` what exactly went wrong, lowercase,
 * without full stop, the user's text in backticks. Refusals of requests are values, not errors: see `Refusal`.
 */
export class SluiceError extends Error {
  override readonly name = 'SluiceError';

  constructor(
    readonly definition: ErrorDefinition,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get code(): string {
    return this.definition.code;
  }
}
