/** SHA-256 of the evaluator's module without data, hex. Written by policy-compiler/evaluator/build.mjs. */
export const CODE_DIGEST = '64e8540a842e2c46398bc77ecb43d6d9a48369b8a3c55ee6eb7ac1441ddf1fe9';
