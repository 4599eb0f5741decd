import { defineErrors } from './define.js';

/** Findings in YAML and policies (1xxx), CEL and patterns (2xxx): what an author may meet. */
export const AUTHORING_ERRORS = defineErrors({});
