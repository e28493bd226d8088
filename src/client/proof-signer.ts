import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { createFifoCache } from '../base/fifo-cache.js';
import { publicMembers } from '../keys/public-jwk.js';
import type { SigningKey } from '../keys/signature-key.js';
import { signClaims } from '../token/sign-claims.js';

/** Request that a DPoP proof is for. */
export interface ProvenRequest {
  readonly method: string;
  readonly url: URL;
  /** Token that the request carries. Absent in token requests. */
  readonly accessToken?: string;
}

/** DPoP key and the latest nonces of the servers that receive its proofs. */
export interface ProofSigner {
  /** Sign a proof for one request (RFC 9449 §4.2), with the latest nonce of the origin. */
  sign(request: ProvenRequest): Promise<string>;
  /**
   * Remember the nonce in a response for later requests to the origin (RFC 9449 §8.2).
   *
   * @returns whether the response has a nonce
   */
  remember(url: URL, response: Response): boolean;
}

/** `typ` of DPoP proofs (RFC 9449 §4.2). */
const PROOF_TYP = 'dpop+jwt';

/** Syntax of a nonce (RFC 9449 §8.1), and a length that fits in a header. */
const NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,1024}$/;

/** A client calls few origins. The bound protects a client whose URLs come from its users. */
const MAX_ORIGINS = 100;

/**
 * Create a signer without nonces. Use one signer for the authorization server and one for resource servers: their
 * nonces are distinct, even on the same origin (RFC 9449 §9).
 *
 * @param clock time of `iat`
 */
export function createProofSigner(key: SigningKey, clock: Clock): ProofSigner {
  const jwk = publicMembers(key.publicKey);
  const nonces = createFifoCache<string, string>(MAX_ORIGINS);

  return {
    sign({ method, url, accessToken }) {
      const nonce = nonces.get(url.origin);
      const claims = {
        jti: randomUUID(),
        htm: method,
        htu: `${url.origin}${url.pathname}`,
        iat: Math.floor(clock()),
        ...(accessToken === undefined ? {} : { ath: hashToken(accessToken) }),
        ...(nonce === undefined ? {} : { nonce }),
      };
      return signClaims(claims, PROOF_TYP, key, { jwk });
    },
    remember(url, { headers }) {
      const nonce = headers.get('DPoP-Nonce');
      if (nonce === null || !NONCE.test(nonce)) return false;
      nonces.set(url.origin, nonce);
      return true;
    },
  };
}

function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
