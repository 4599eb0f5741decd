/** Counts the different trusted keys that signed a payload, and answers with the bytes that they signed. */
import { flattenedVerify, errors } from 'jose';
import type { Envelope, EnvelopeSignature } from './envelope.js';
import { refusal } from './refusal.js';
import type { Trust, TrustedKey } from './trust.js';

export interface SignedPayload {
  readonly payload: Uint8Array;
  /** `kid` of each trusted key that signed, as the trust document names it. */
  readonly signers: readonly string[];
}

export async function checkSignatures(envelope: Envelope, trust: Trust): Promise<SignedPayload> {
  const signers = new Map<string, TrustedKey>();
  let payload: Uint8Array | undefined;
  for (const signature of envelope.signatures) {
    for (const key of candidates(signature, trust)) {
      const verified = await verify(envelope.payload, signature, key);
      if (verified === undefined) continue;
      payload = verified;
      // Keyed by thumbprint: one key that signs twice is one signer.
      signers.set(key.thumbprint, key);
      break;
    }
  }
  if (payload === undefined || signers.size < trust.threshold) {
    throw refusal(
      'bundle_untrusted',
      `${signers.size} of ${trust.threshold} needed trusted keys signed the bundle`,
    );
  }
  return { payload, signers: [...signers.values()].map((key) => key.kid).toSorted() };
}

/** The pinned keys that could have made this signature, the one its `kid` hints at first. */
function candidates(signature: EnvelopeSignature, trust: Trust): readonly TrustedKey[] {
  const able = trust.keys.filter((key) => key.algorithm === signature.algorithm);
  return able.toSorted((left, right) => hint(signature, right) - hint(signature, left));
}

const hint = (signature: EnvelopeSignature, key: TrustedKey): number => (signature.kid === key.kid ? 1 : 0);

async function verify(
  payload: string,
  { protected: header, signature }: EnvelopeSignature,
  { key, algorithm }: TrustedKey,
): Promise<Uint8Array | undefined> {
  try {
    // The algorithm comes from the pinned key: a header that says otherwise is refused by the library.
    const jws = { payload, protected: header, signature };
    return (await flattenedVerify(jws, key, { algorithms: [algorithm] })).payload;
  } catch (cause) {
    // Fail closed: a signature that does not verify counts for nothing; any other fault stops the whole.
    if (cause instanceof errors.JOSEError) return undefined;
    throw cause;
  }
}
