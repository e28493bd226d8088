import { LRUCache } from 'lru-cache';
import type { TokenIssuance } from '../audit/events.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type NumericDate, systemClock } from '../base/clock.js';
import { InvalidRequestError } from '../base/errors.js';
import { isJsonObject, isPlainJson, type JsonObject } from '../base/json.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import { buildClaimsSet, type ClaimsRequest } from '../token/claims/build-claims-set.js';
import {
  type ClaimsPolicy,
  resolveClaimsPolicy,
  resolveStrings,
  resolveTokenLifetime,
} from '../token/claims/claims-policy.js';
import { ACCESS_TOKEN_TYP, type IssuedClaims } from '../token/claims/claims-set.js';
import { MAX_ISSUED_TOKEN_LENGTH } from '../token/claims/token-size.js';
import { validateClaimsSet } from '../token/claims/validate-claims-set.js';
import { MAX_CLAIMS_DEPTH } from '../token/decrypt-token.js';
import { sealToken } from '../token/seal-token.js';
import type { TokenVerifierOptions } from '../verify/token-verifier.js';

/** Options of `createTokenIssuer()`; those that a verifier has too mean the same. */
export interface TokenIssuerOptions
  extends Pick<TokenVerifierOptions, 'keyRing' | 'issuer' | 'signing' | 'maxTokenLifetimeSeconds' | 'clock'> {
  /** Receives an audit event for each token. Default: no audit log. */
  readonly audit?: AuditTrail;
}

export interface IssueRequest extends ClaimsRequest {
  /** More members for the protected header; everybody can read them. Default: none. */
  readonly header?: JsonObject;
  /** When the request for it came: `iat`, from which the lifetime counts. Default: now. */
  readonly issuedAt?: NumericDate;
  /** Whether the subject is a user that the client asserted. Default false. */
  readonly subjectAsserted?: boolean;
  /** `jti` of the token that it is delegated from, for the audit trail. */
  readonly delegatedFrom?: string;
  /** Who acts, where it is delegated, for the audit trail. */
  readonly delegatedTo?: string;
  /** Whether the client used the previous key of a rotation, for the audit trail. Default false. */
  readonly previousApiKey?: boolean;
  /** Address of the client, for the audit trail. */
  readonly ip?: string;
}

export interface IssuedToken {
  /** The compact serialization. Secret. */
  readonly token: string;
  readonly claims: IssuedClaims;
  /** Whole seconds until `exp`. */
  readonly expiresInSeconds: number;
}

/** Issues tokens without HTTP. */
export interface TokenIssuer {
  /**
   * Issues an access token under the first `issuer`.
   * @throws InvalidRequestError (as rejection) for a token of more than 4096 characters.
   * @throws TypeError for a reserved header member, claims that no verifier would accept, a lifetime that outlasts the
   *   keys, or a public key as the encryption key without `signing`.
   * @throws TemporarilyUnavailableError if a required audit sink does not record it, or the key has reached its usage
   *   limit.
   */
  issue(request: IssueRequest): Promise<IssuedToken>;
}

/** Audiences whose policy is kept. */
const MAX_AUDIENCES = 256;

/**
 * Creates an issuer of access tokens, for code that issues without the token endpoint.
 * @throws TypeError for an option that is missing or malformed.
 *
 * @example
 * const issuer = createTokenIssuer({ keyRing, issuer: 'https://auth.example.com' });
 * const { token } = await issuer.issue({ subject, clientId, audience, type: 'model', lifetimeSeconds: 900, model });
 */
export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { keyRing, signing, audit = noAuditTrail, clock = systemClock } = options;
  const keys = internalsOf(keyRing);
  if (typeof clock !== 'function') throw new TypeError('clock must be a function that returns a NumericDate');
  assertAuditTrail(audit);
  const [issuer = ''] = resolveStrings(options.issuer, 'issuer');
  const maxTokenLifetimeSeconds = resolveTokenLifetime(options.maxTokenLifetimeSeconds);
  /** What those who get the tokens of an audience want of them. */
  const readers = new LRUCache<string, ClaimsPolicy>({
    max: MAX_AUDIENCES,
    memoMethod: (audience) => resolveClaimsPolicy({ issuer, audience, maxTokenLifetimeSeconds }),
  });

  return Object.freeze({
    async issue(request: IssueRequest) {
      const now = clock();
      assertLifetime(request.lifetimeSeconds, keyRing.maxTokenLifetimeSeconds, 'of the key ring');
      assertLifetime(request.lifetimeSeconds, maxTokenLifetimeSeconds, 'of its readers');
      const claimsSet = buildClaimsSet(request, { issuer, now: request.issuedAt ?? now });
      assertReadable(claimsSet, readers.memo(request.audience), now);
      const key = keys.encryptionKey('access', request.audience);
      const pending = keys.claimUse(key);
      if (pending !== undefined) await pending;
      const issuance = audit.enabled ? describeIssuance(request, claimsSet, key.kid) : undefined;
      if (issuance !== undefined) await audit.record({ type: 'token.intended', ...issuance });
      const sealed = sealToken(claimsSet, key, {
        typ: ACCESS_TOKEN_TYP,
        header: request.header ?? {},
        ...(signing && { signing }),
      });
      const token = typeof sealed === 'string' ? sealed : await sealed;
      assertLength(token);
      if (issuance !== undefined) await audit.record({ type: 'token.issued', ...issuance });
      return { token, claims: claimsSet, expiresInSeconds: claimsSet.exp - claimsSet.iat };
    },
  });
}

/** What is put on record of it. */
function describeIssuance(request: IssueRequest, claims: IssuedClaims, kid: string): TokenIssuance {
  const { clientId, subject, audience, type, delegatedFrom, delegatedTo, previousApiKey, ip } = request;
  const { jti, scope = '', exp: expiresAt, session_id: sessionId } = claims;
  return {
    ...{ jti, clientId, subject, subjectAsserted: request.subjectAsserted ?? false },
    ...{ audience, scope, tokenType: type, expiresAt, kid },
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(delegatedFrom === undefined ? {} : { delegatedFrom }),
    ...(delegatedTo === undefined ? {} : { delegatedTo }),
    ...(previousApiKey === true ? { previousApiKey } : {}),
    ...(ip === undefined ? {} : { ip }),
  };
}

/** Nothing is issued that our own readers would refuse. */
function assertReadable(claimsSet: IssuedClaims, policy: ClaimsPolicy, now: NumericDate): void {
  try {
    const claims = asReadersSee(claimsSet);
    validateClaimsSet({ header: { typ: ACCESS_TOKEN_TYP }, claims, key: {} }, policy, now);
  } catch (cause) {
    throw new TypeError(`No reader would accept these claims of type ${claimsSet.type}`, { cause });
  }
}

/** The claims as JSON carries them. */
function asReadersSee(claimsSet: unknown): JsonObject {
  if (isJsonObject(claimsSet) && isPlainJson(claimsSet, MAX_CLAIMS_DEPTH)) return claimsSet;
  const copy: JsonObject = JSON.parse(JSON.stringify(claimsSet));
  if (!isPlainJson(copy, MAX_CLAIMS_DEPTH)) throw new TypeError('They nest too deep');
  return copy;
}

/** No token outlives its key, or what its readers accept. */
function assertLifetime(lifetimeSeconds: number, maximum: number, whose: string): void {
  if (lifetimeSeconds > maximum) {
    throw new TypeError(`lifetimeSeconds exceeds maxTokenLifetimeSeconds ${whose}`);
  }
}

function assertLength(token: string): void {
  if (token.length > MAX_ISSUED_TOKEN_LENGTH) {
    throw new InvalidRequestError(`The token would be longer than ${MAX_ISSUED_TOKEN_LENGTH} characters`);
  }
}
