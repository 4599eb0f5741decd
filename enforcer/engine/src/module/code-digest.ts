/** SHA-256 of the evaluator's module without data, hex. Written by policy-compiler/evaluator/build.mjs. */
export const CODE_DIGEST = '58fd38e4cb578f4b38c712374453760dc057174f0e53bdbbe7aaeee314859506';
