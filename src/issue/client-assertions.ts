import { LRUCache } from 'lru-cache';
import type { ApiKey, ClientAssertionRules } from '../api-keys/api-key.js';
import { type ApiKeyRegistry, assertMayIssue } from '../api-keys/api-key-registry.js';
import type { AuditTrail } from '../audit/record.js';
import type { Clock, NumericDate } from '../base/clock.js';
import { InvalidClientError } from '../base/token-endpoint-errors.js';
import { remoteJwks } from '../keys/remote-jwks.js';
import { VERIFICATION_ALGORITHMS } from '../keys/verification-algorithms.js';
import type { VerificationKeys } from '../keys/verification-keys.js';
import type { CounterStore } from '../stores/counter-store.js';
import { verifyIssuerSignature } from '../verify/verify-issuer-signature.js';
import { checkAssertionClaims } from './check-assertion-claims.js';
import { readClientAssertion, rejectClient } from './client-assertion.js';
import { useOnce } from './use-once.js';

/** Assertion that a client sends instead of a secret (RFC 7523 §2.2). */
export interface PresentedAssertion {
  /** Value of `client_assertion`. */
  readonly assertion: string;
  /** Value of `client_id`, if the request has one. */
  readonly keyId?: string;
}

/** Dependencies of `createClientAssertions()`. */
export interface ClientAssertionParts {
  readonly apiKeys: ApiKeyRegistry;
  readonly issuer: string;
  /** Store of the used assertions, or `undefined` if no API key has public keys. */
  readonly counters: CounterStore | undefined;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Authenticates clients by signed assertions. */
export interface ClientAssertions {
  /**
   * Verify an assertion and return the API key of the client. Each assertion is accepted once.
   *
   * @throws InvalidClientError (as rejection) if the assertion is rejected
   * @throws TemporarilyUnavailableError (as rejection) if the keys of the client or the store are unavailable
   */
  authenticate(presented: PresentedAssertion, now: NumericDate): Promise<ApiKey>;
}

const SIGNATURE = { signature: new Set<string>(VERIFICATION_ALGORITHMS) };

/** Maximum number of loaded JWK Sets. */
const MAX_KEY_SETS = 10_000;

/** Create the authentication of clients by `private_key_jwt` (RFC 7523 §2.2, §3). */
export function createClientAssertions(parts: ClientAssertionParts): ClientAssertions {
  const { apiKeys, issuer, counters, audit, clock } = parts;
  // Kept by URL, so that a reload of the API key files does not discard loaded keys.
  const remote = new LRUCache<string, VerificationKeys>({
    max: MAX_KEY_SETS,
    memoMethod: (url) => remoteJwks({ url, audit, clock }),
  });
  const keysOf = ({ keys, jwksUri }: ClientAssertionRules): VerificationKeys | undefined =>
    keys ?? (jwksUri === undefined ? undefined : remote.memo(jwksUri));

  return {
    async authenticate({ assertion, keyId: clientId }, now) {
      const { jws, claims, keyId } = await readClientAssertion(assertion, clientId);
      const apiKey = apiKeys.get(keyId);
      if (!apiKey) throw new InvalidClientError('assertion_unknown_client');
      const { assertions: rules } = apiKey;
      if (rules === undefined || counters === undefined)
        throw new InvalidClientError('assertion_not_allowed');
      const audiences = [issuer, ...(rules.audience === undefined ? [] : [rules.audience])];
      const singleUse = checkAssertionClaims(claims, { audiences, now });
      const verification = keysOf(rules);
      await rejectClient(() => verifyIssuerSignature(jws, { terms: SIGNATURE, verification }, now));
      assertMayIssue(apiKey, now);
      const isFirst = await useOnce(counters, { purpose: 'client-assertion', owner: keyId, ...singleUse });
      if (!isFirst) throw new InvalidClientError('assertion_replayed');
      return apiKey;
    },
  };
}
