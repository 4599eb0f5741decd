import type { ErrorDefinition } from '@sluice/schemas';

/** Facts are found or refused; refusing is an answer, not an exception. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ErrorDefinition; readonly message: string };

export const found = <T>(value: T): Result<T> => ({ ok: true, value });
export const refused = (error: ErrorDefinition, message: string): Result<never> => ({
  ok: false,
  error,
  message,
});
