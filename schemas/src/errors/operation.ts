import { defineErrors } from './define.js';

/** Faults of configuration and operation (5xxx): what an operator may meet. */
export const OPERATION_ERRORS = defineErrors({});
