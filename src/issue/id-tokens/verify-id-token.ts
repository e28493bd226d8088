import type { IdTokenRule } from '../../api-keys/api-key.js';
import { matchesConditions } from '../../api-keys/matches-conditions.js';
import type { NumericDate } from '../../base/clock.js';
import { InvalidRequestError } from '../../base/errors.js';
import type { JsonObject } from '../../base/json.js';
import type { ExchangeRejection, TokenRejection } from '../../base/rejections.js';
import { VERIFICATION_ALGORITHMS } from '../../keys/verification-algorithms.js';
import { normalizeTyp } from '../../token/claims/claims-policy.js';
import { verifyIssuerSignature } from '../../verify/verify-issuer-signature.js';
import { readSignedJwt } from '../read-signed-jwt.js';
import { assertionRejectionOf, translateRejection } from '../translate-rejection.js';
import { checkIdTokenClaims } from './check-id-token-claims.js';
import { findIdentityProvider } from './find-identity-provider.js';
import { PROVIDER_SHAPES } from './provider-shapes.js';
import type { IdentityProviders, ResolvedIdentityProvider } from './resolve-identity-providers.js';

/** What an ID token is verified with. */
export interface IdTokenTerms {
  readonly providers: IdentityProviders;
  /** `id_tokens` of the API key. */
  readonly rules: readonly IdTokenRule[];
  /** Thumbprint of the key of the DPoP proof. `undefined` if the request has none. */
  readonly jkt: string | undefined;
}

/** A verified ID token. */
export interface VerifiedIdToken {
  readonly provider: ResolvedIdentityProvider;
  readonly rule: IdTokenRule;
  /** Immutable ID of the person at the provider. */
  readonly id: string;
  /** All claims. Deeply frozen. */
  readonly claims: JsonObject;
  /** Signed part of the ID token, which identifies it: many ID tokens have no `jti`. */
  readonly signed: string;
  /** Time until which the ID token can be exchanged. */
  readonly usableUntil: NumericDate;
}

/** Values of `typ`, besides none. */
const TYPS = ['jwt', 'jose'];

const SIGNATURE = { signature: new Set<string>(VERIFICATION_ALGORITHMS) };

/**
 * Verify an ID token for an API key (OpenID Connect Core §3.1.3.7). The unverified `iss` selects one of the issuers that
 * the API key lists, and with it the only keys that can verify the signature.
 *
 * @throws InvalidRequestError (as rejection) if the ID token is rejected (RFC 8693 §2.2.2)
 * @throws TemporarilyUnavailableError (as rejection) if the keys of the provider are unavailable
 */
export async function verifyIdToken(
  text: string,
  { providers, rules, jkt }: IdTokenTerms,
  now: NumericDate,
): Promise<VerifiedIdToken> {
  const { jws, claims } = await translateRejection(() => readSignedJwt(text), rejected);
  assertTyp(jws.header);
  const { provider, rule } = findIssuer(providers, rules, claims);
  const { verification, type } = provider;
  await translateRejection(
    () => verifyIssuerSignature(jws, { terms: SIGNATURE, verification }, now),
    rejected,
  );
  const shape = PROVIDER_SHAPES[type];
  if (!shape.isIdToken(claims)) throw invalidIdToken('assertion_type');
  const id = shape.idOf(claims, rule.issuer);
  if (id === undefined) throw invalidIdToken('assertion_claim');
  const checked = checkIdTokenClaims(claims, { audiences: rule.audiences, jkt, now });
  if ('fault' in checked) throw invalidIdToken(checked.fault);
  if (!matchesConditions(rule.claims, claims)) throw invalidIdToken('assertion_condition');
  const signed = jws.signingInput.toString('latin1');
  return Object.freeze({ provider, rule, id, claims, signed, usableUntil: checked.usableUntil });
}

/** Reject tokens of other types, such as access tokens and logout tokens (RFC 8725 §3.11). */
function assertTyp({ typ }: JsonObject): void {
  if (typ === undefined || (typeof typ === 'string' && TYPS.includes(normalizeTyp(typ)))) return;
  throw invalidIdToken('assertion_type');
}

function findIssuer(providers: IdentityProviders, rules: readonly IdTokenRule[], { iss }: JsonObject) {
  for (const rule of rules) {
    const provider = findIdentityProvider(providers, rule.issuer);
    const names = provider === undefined ? [] : PROVIDER_SHAPES[provider.type].issuerNames(rule.issuer);
    if (provider !== undefined && names.some((name) => name === iss)) return { provider, rule };
  }
  throw invalidIdToken('assertion_issuer');
}

const rejected = (reason: TokenRejection): InvalidRequestError =>
  invalidIdToken(assertionRejectionOf(reason));

/** Create the error for a rejected ID token. All reasons share one description. Only audit events name the reason. */
export function invalidIdToken(reason: ExchangeRejection): InvalidRequestError {
  return new InvalidRequestError(
    'The ID token is invalid, expired, already used or not for this API key: sign the user in again',
    { reason },
  );
}
