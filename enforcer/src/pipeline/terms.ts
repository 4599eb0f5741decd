/** On which terms a request is permitted is the engine's to say, so that `sluice test` says the same. */
export { termsOf, type Terms } from '@sluice/engine';
