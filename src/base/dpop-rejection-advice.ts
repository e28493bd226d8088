import type { RejectionAdvice } from './rejection-advice.js';
import type { DpopRejection } from './rejections.js';

/** Advice for each reason for rejecting a DPoP proof, as in docs/reference/errors.md. Load it on first use. */
export const DPOP_REJECTION_ADVICE: Readonly<Record<DpopRejection, RejectionAdvice>> = {
  proof_missing: {
    cause: 'The request has the scheme `DPoP`, but no `DPoP` header.',
    fix: 'Send a new proof in the `DPoP` header of each request. Check that proxies forward the header.',
  },
  proof_repeated: {
    cause: 'The request has several `DPoP` headers (RFC 9449 §4.3).',
    fix: 'Send exactly one `DPoP` header. Check that a retry replaces the header.',
  },
  proof_too_long: {
    cause: 'The proof has more than 4096 characters.',
    fix: 'Use an `ES256` or `EdDSA` key, and send no other members than `typ`, `alg` and `jwk` in the header.',
  },
  proof_malformed: {
    cause:
      'The proof does not have three segments of canonical base64url, the header or the payload is not a JSON object, or the header has `crit`, duplicate members or more than 1024 bytes.',
    fix: 'Create the proof with a DPoP library, and send it unchanged.',
  },
  proof_typ: {
    cause: '`typ` of the proof is not `dpop+jwt`.',
    fix: 'Set `typ` to `dpop+jwt`. A different JWT, such as the access token, is not a proof.',
  },
  proof_algorithm: {
    cause:
      '`alg` of the proof is missing or not in `dpop.algorithms`. Symmetric algorithms and `none` are never accepted.',
    fix: 'Use an algorithm that the challenge lists as `algs`, or add the algorithm to `dpop.algorithms`.',
  },
  proof_private_key: {
    cause: '`jwk` of the proof contains a private or symmetric key. The client has disclosed its key.',
    fix: 'Generate a new key pair, and send the public members only.',
  },
  proof_key: {
    cause:
      '`jwk` of the proof is missing, malformed, weak, or not a key for `alg`: for example, a P-384 key for `ES256`, or an RSA key with less than 2048 bits.',
    fix: 'Send a public key with the type and curve that `alg` requires (RFC 7518 §3.1).',
  },
  proof_claim: {
    cause: '`jti`, `htm`, `htu` or `iat` is missing or has the wrong type.',
    fix: 'Create the proof with all claims of RFC 9449 §4.2. `iat` is a number of seconds since 1970.',
  },
  proof_method: {
    cause: '`htm` of the proof differs from the method of the request.',
    fix: 'Create a new proof for each request. Methods are case-sensitive: `GET`, not `get`.',
  },
  proof_target: {
    cause: '`htu` of the proof differs from `dpop.baseUrl` and the path of the request.',
    fix: 'Set `dpop.baseUrl` to the URL that clients use, with the path prefix that a proxy removes. Clients must create a new proof after a redirect.',
  },
  proof_too_old: {
    cause: '`iat` is older than `dpop.maxAgeSeconds` and `clockToleranceSeconds` together.',
    fix: 'Create a new proof for each request and each retry. Synchronize the clocks. If clients have wrong clocks, set `dpop.nonce`.',
  },
  proof_in_future: {
    cause: '`iat` is in the future by more than `clockToleranceSeconds`.',
    fix: 'Synchronize the clocks, or raise `clockToleranceSeconds` (60 at most).',
  },
  proof_token_hash: {
    cause: '`ath` of the proof is missing, or is not the SHA-256 hash of the access token in base64url.',
    fix: 'Create the proof for the access token that the request sends. After a refresh, use the new token.',
  },
  proof_signature: {
    cause: 'The signature of the proof is not valid for its `jwk`.',
    fix: 'Sign with the private key of `jwk`. ECDSA signatures must be the values `r` and `s`, not DER (RFC 7518 §3.4).',
  },
  proof_replayed: {
    cause: 'The proof was used before. A client has sent it twice, or an attacker has copied it.',
    fix: 'Create a new proof, with a new `jti`, for each request and each retry. Check that no proxy repeats requests.',
  },
};
