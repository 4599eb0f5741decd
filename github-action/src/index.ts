/**
 * The GitHub Action will check, test, diff and publish policies as a thin shell over `@sluice/policy-compiler`.
 * There is nothing in it yet: until then a workflow runs `sluice check`, `sluice test` and `sluice build` itself.
 */
export {};
