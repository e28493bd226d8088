import { type ApiKeyStates, assertKeysInForce } from './api-keys/check-key-states.js';
import type { TokenIssuance } from './audit/events.js';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from './audit/record.js';
import { buildClaimsSet, type ClaimsRequest } from './claims/build-claims-set.js';
import { type ClaimsOptions, resolveClaimsPolicy, resolveStrings } from './claims/claims-policy.js';
import { ACCESS_TOKEN_TYP, type IssuedClaims, type TokenType } from './claims/claims-set.js';
import { freezeJson, type JsonObject } from './claims/json.js';
import { MAX_ISSUED_TOKEN_LENGTH } from './claims/token-size.js';
import { validateClaimsSet } from './claims/validate-claims-set.js';
import type { VerifiedToken } from './claims/verified-token.js';
import { type Clock, type NumericDate, systemClock } from './clock.js';
import { InvalidRequestError } from './errors.js';
import { createTokenOpener } from './jwe/create-token-opener.js';
import { MAX_CLAIMS_DEPTH } from './jwe/decrypt-token.js';
import { type LegacyOptions, resolveLegacyPolicy } from './jwe/legacy-policy.js';
import { isLegacyToken, openLegacyToken } from './jwe/open-legacy-token.js';
import { sealToken } from './jwe/seal-token.js';
import { resolveTokenCache, type TokenCacheOptions } from './jwe/token-cache.js';
import type { KeyRing } from './keys/key-ring.js';
import { resolveVerification, type SignatureOptions } from './keys/resolve-verification.js';
import { assertMethod } from './options.js';
import { assertNotRevoked, type RevocationCheck } from './revocation/check-revocation.js';

export interface TokenServiceOptions extends ClaimsOptions, SignatureOptions {
  readonly keyRing: KeyRing;
  /** Longest token that is looked at, in characters. Default 8192. */
  readonly maxTokenLength?: number;
  /** What is revoked. Default: nothing is. */
  readonly revocations?: RevocationCheck;
  /**
   * Tokens of another stack that are read too until they are replaced: `dir` with `A256GCM`, without `kid` and `typ`,
   * with IVs of 96 or 128 bits. All five members are mandatory. Default: none are read.
   */
  readonly legacy?: LegacyOptions;
  /**
   * The API keys whose tokens are accepted, and those delegated from them: `await watchApiKeys({ directory })`. Tokens
   * of a key that is not among them, not active, or expired are refused; those that name no `client_id` are not
   * concerned. Default: keys are not looked at.
   */
  readonly apiKeys?: ApiKeyStates;
  /**
   * How many tokens are kept decrypted, so that one that comes again need not be decrypted again; all other checks are
   * made each time. With `false` none is kept. Default: `{ maxEntries: 10_000, maxBytes: 67_108_864 }`.
   */
  readonly tokenCache?: TokenCacheOptions | false;
  /** Where issuance is put on record. Default: nowhere. */
  readonly audit?: AuditTrail;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

export interface IssueRequest extends Omit<ClaimsRequest, 'issuer'> {
  /** Kind of token; the claims must be those that it promises. */
  readonly type: Exclude<TokenType, 'foreign'>;
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

/** The façade: everything that can be done with tokens, without HTTP. */
export interface TokenService {
  /**
   * Decrypts and validates a token.
   * @throws InvalidTokenError (as rejection) for a token that is not accepted.
   * @throws TemporarilyUnavailableError where it cannot be known whether it is revoked, what its key is, or who signed
   *   it.
   */
  verify(token: string): Promise<VerifiedToken>;
  /**
   * Issues an access token under the first `issuer`.
   * @throws InvalidRequestError (as rejection) for a token of more than 4096 characters.
   * @throws TypeError for a reserved header member, claims that `verify` would refuse, a lifetime that outlasts the
   *   keys, or a public key as the encryption key where there is no `signing`.
   * @throws TemporarilyUnavailableError where a required sink of the trail does not record it, or the key has encrypted all that
   *   it may.
   */
  issue(request: IssueRequest): Promise<IssuedToken>;
}

const DEFAULT_MAX_TOKEN_LENGTH = 8192;

/** @throws TypeError for an option that is missing or makes no sense. */
export function createTokenService(options: TokenServiceOptions): TokenService {
  const { keyRing, revocations, apiKeys, signing, audit = noAuditTrail, clock = systemClock } = options;
  const { maxTokenLength = DEFAULT_MAX_TOKEN_LENGTH } = options;
  assertMethod(keyRing, 'decryptionKey', 'keyRing must be a KeyRing: await createKeyRing(...)');
  assertAuditTrail(audit);
  if (typeof clock !== 'function') throw new TypeError('clock must be a function that returns a NumericDate');
  if (revocations !== undefined) assertMethod(revocations, 'isRevoked', 'revocations needs isRevoked(token)');
  if (apiKeys !== undefined)
    assertMethod(apiKeys, 'get', 'apiKeys needs get(keyId): await watchApiKeys(...)');
  if (!Number.isInteger(maxTokenLength) || maxTokenLength < 1) {
    throw new TypeError('maxTokenLength must be a positive whole number');
  }
  const claimsPolicy = resolveClaimsPolicy(options);
  const legacy = resolveLegacyPolicy(options.legacy, claimsPolicy);
  const issuers = resolveStrings(options.issuer, 'issuer');
  const [issuer = ''] = issuers;
  const verification = resolveVerification(options, issuers);
  for (const audience of claimsPolicy.audiences) {
    keyRing.prepare('access', audience);
    if (verification.size === 0 && keyRing.needsSignature(audience)) {
      throw new TypeError(
        'Anyone can encrypt to a public key: give verification to accept, signing to issue',
      );
    }
  }

  const cacheLimits = resolveTokenCache(options.tokenCache);
  const open = createTokenOpener({ keyRing, maxTokenLength, verification }, cacheLimits);

  return Object.freeze({
    async verify(token: string) {
      const now = clock();
      const isLegacy = legacy !== undefined && isLegacyToken(token);
      const opened = isLegacy ? openLegacyToken(token, { legacy, maxTokenLength }, now) : open(token, now);
      const decrypted = opened instanceof Promise ? await opened : opened;
      const verified = validateClaimsSet(decrypted, isLegacy ? legacy.claimsPolicy : claimsPolicy, now);
      if (apiKeys !== undefined) assertKeysInForce(verified, apiKeys, now);
      const unrevoked = revocations === undefined ? undefined : assertNotRevoked(verified, revocations);
      if (unrevoked !== undefined) await unrevoked;
      return verified;
    },

    async issue(request: IssueRequest) {
      const { type, claims, header = {} } = request;
      const now = clock();
      assertLifetime(request.lifetimeSeconds, keyRing);
      const claimsSet = buildClaimsSet(
        { ...request, issuer, claims: { ...claims, type } },
        request.issuedAt ?? now,
      );
      assertReadable(claimsSet, now);
      const key = keyRing.encryptionKey('access', request.audience);
      await keyRing.claimUse(key);
      const issuance = describeIssuance(request, claimsSet, key.kid);
      await audit.record({ type: 'token.intended', ...issuance });
      const sealed = sealToken(claimsSet, key, {
        typ: ACCESS_TOKEN_TYP,
        header,
        ...(signing && { signing }),
      });
      const token = typeof sealed === 'string' ? sealed : await sealed;
      assertLength(token);
      await audit.record({ type: 'token.issued', ...issuance });
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

/** Nothing is issued that our own readers would refuse; they see the claims as JSON. */
function assertReadable(claimsSet: IssuedClaims, now: NumericDate): void {
  const { iss: issuer, aud: audience } = claimsSet;
  const claims: JsonObject = JSON.parse(JSON.stringify(claimsSet));
  const token = { header: { typ: ACCESS_TOKEN_TYP }, claims, key: {} };
  try {
    if (!freezeJson(claims, MAX_CLAIMS_DEPTH)) throw new TypeError('They nest too deep');
    validateClaimsSet(token, resolveClaimsPolicy({ issuer, audience }), now);
  } catch (cause) {
    throw new TypeError(`No reader would accept these claims of type ${claimsSet.type}`, { cause });
  }
}

/** No token outlives its key. */
function assertLifetime(lifetimeSeconds: number, { maxTokenLifetimeSeconds }: KeyRing): void {
  if (lifetimeSeconds > maxTokenLifetimeSeconds) {
    throw new TypeError('lifetimeSeconds exceeds maxTokenLifetimeSeconds of the key ring');
  }
}

function assertLength(token: string): void {
  if (token.length > MAX_ISSUED_TOKEN_LENGTH) {
    throw new InvalidRequestError(`The token would be longer than ${MAX_ISSUED_TOKEN_LENGTH} characters`);
  }
}
