/** Rate limits, in memory of one enforcer. */
export { createLimiter } from './rate-limiter.js';
