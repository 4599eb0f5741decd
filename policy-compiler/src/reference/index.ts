/** The reference interpreter: what a plan means, in the plainest way to say it. */
export { referenceDecider } from './reference-decider.js';
