/**
 * How a walk deep inside a statement says no. The walk throws, `attempt` turns it into a value at the one place
 * where a judgement leaves this package; nothing else is caught there by mistake.
 */
import { REQUEST_ERRORS, type ErrorDefinition } from '@sluice/schemas';
import { found, refused, type Result } from '../result.js';

class Refused extends Error {
  constructor(
    readonly definition: ErrorDefinition,
    message: string,
  ) {
    super(message);
  }
}

export function refuse(definition: ErrorDefinition, message: string): never {
  throw new Refused(definition, message);
}

/** Refuses something that is not on an allowlist, by its name. */
export function unsupported(what: string): never {
  return refuse(REQUEST_ERRORS.unsupported, `${what} cannot be judged`);
}

export function unprovable(message: string): never {
  return refuse(REQUEST_ERRORS.mask_unprovable, message);
}

export function attempt<T>(judge: () => T): Result<T> {
  try {
    return found(judge());
  } catch (cause) {
    if (cause instanceof Refused) return refused(cause.definition, cause.message);
    // Fail closed: a fault of ours (too deep a tree included) is a refusal, never a pass.
    const detail =
      cause instanceof RangeError ? 'the statement is nested too deeply' : 'the judgement failed';
    return refused(cause instanceof RangeError ? REQUEST_ERRORS.too_large : REQUEST_ERRORS.internal, detail);
  }
}
