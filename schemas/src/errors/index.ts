/** The error-code table: one row for each way something is refused, in one place for code and docs (ERRORS.md). */
import { AUTHORING_ERRORS } from './authoring.js';
import { BUNDLE_ERRORS } from './bundles.js';
import { OPERATION_ERRORS } from './operation.js';
import { REQUEST_ERRORS } from './requests.js';

export type { ErrorDefinition, RefusalClass } from './define.js';
export { AUTHORING_ERRORS, BUNDLE_ERRORS, OPERATION_ERRORS, REQUEST_ERRORS };

export const ERRORS = {
  ...AUTHORING_ERRORS,
  ...BUNDLE_ERRORS,
  ...REQUEST_ERRORS,
  ...OPERATION_ERRORS,
} as const;
export type ErrorName = keyof typeof ERRORS;
