/** How the steps of reading a bundle stop: an error with a row of the code table, turned into a value at the edge. */
import { BUNDLE_ERRORS, SluiceError, type ErrorDefinition } from '@sluice/schemas';

/** What a caller gets: a value, or which row of the code table and what exactly. */
export type BundleResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ErrorDefinition; readonly message: string };

export function refusal(
  name: keyof typeof BUNDLE_ERRORS,
  message: string,
  options?: ErrorOptions,
): SluiceError {
  return new SluiceError(BUNDLE_ERRORS[name], message, options);
}

/** Runs steps that throw refusals; anything else they throw is refused as well, under `otherwise`. */
export async function outcomeOf<T>(
  otherwise: keyof typeof BUNDLE_ERRORS,
  steps: () => T | Promise<T>,
): Promise<BundleResult<T>> {
  try {
    return { ok: true, value: await steps() };
  } catch (cause) {
    // Fail closed: a step that stopped, for whatever reason, has verified nothing.
    if (cause instanceof SluiceError) return { ok: false, error: cause.definition, message: cause.message };
    const message = cause instanceof Error ? cause.message : String(cause);
    return { ok: false, error: BUNDLE_ERRORS[otherwise], message };
  }
}
