/** SHA-256 of the evaluator's module without data, hex. Written by policy-compiler/evaluator/build.mjs. */
export const CODE_DIGEST = 'f3b54328972b5c7c9d8c9878924fb3e235ebec62411bd45cdf55aeb668af6675';
