import { defineErrors } from './define.js';

/** Refusals of bundles and trust (3xxx): what a publisher or operator may meet. */
export const BUNDLE_ERRORS = defineErrors({});
