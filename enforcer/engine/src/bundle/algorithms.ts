/** The signature algorithms that are accepted, one row each. A key has one of them, fixed where the key is pinned. */

export interface AlgorithmDefinition {
  /** What a public key (JWK) must say, besides the values in `values`. */
  readonly kty: string;
  readonly crv: string;
  /** Members of the JWK that hold the public key itself. */
  readonly values: readonly string[];
}

export const ALGORITHMS = {
  EdDSA: { kty: 'OKP', crv: 'Ed25519', values: ['x'] },
  ES256: { kty: 'EC', crv: 'P-256', values: ['x', 'y'] },
} as const satisfies Readonly<Record<string, AlgorithmDefinition>>;

export type Algorithm = keyof typeof ALGORITHMS;

export const isAlgorithm = (value: unknown): value is Algorithm =>
  typeof value === 'string' && Object.hasOwn(ALGORITHMS, value);
