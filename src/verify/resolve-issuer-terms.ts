import { isNumericDate } from '../base/clock.js';
import { assertMethod, assertObject, assertString } from '../base/options.js';
import { type DecryptionKeysInternals, decryptionKeysOf } from '../keys/decryption-keys-internals.js';
import { isContentEncryptionAlgorithm, isKeyManagementAlgorithm } from '../keys/jwe-algorithms.js';
import { isVerificationAlgorithm } from '../keys/verification-algorithms.js';
import { normalizeTyp, resolveClaimsPolicy, resolveStrings } from '../token/claims/claims-policy.js';
import { ACCESS_TOKEN_TYP, REFRESH_TOKEN_TYP } from '../token/claims/claims-set.js';
import { isScopeToken } from '../token/claims/scope.js';
import type { ClaimsTerms, IssuerTerms } from './issuer-terms.js';
import type { TrustedIssuerOptions } from './trusted-issuer-options.js';

/** Default of `keyManagementAlgorithms`: the algorithms of `createKeyRing()`. */
const KEY_MANAGEMENT_DEFAULT = ['dir', 'A256KW', 'RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'] as const;

/** Default of `contentEncryptionAlgorithms`. */
const CONTENT_ENCRYPTION_DEFAULT = ['A128GCM', 'A192GCM', 'A256GCM'] as const;

/** Default of `signatureAlgorithms`. */
const SIGNATURE_DEFAULT = ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'] as const;

/**
 * Validate the options of a trusted issuer and apply the defaults.
 *
 * @param where function that takes the options, for the error messages
 * @throws TypeError if an option is missing or malformed
 */
export function resolveIssuerTerms(options: TrustedIssuerOptions, where: string): IssuerTerms {
  const { issuer, clientClaim = 'client_id', kidlessRotation = false, signedOnly } = options;
  assertIssuer(issuer, where);
  const audiences = resolveStrings(options.audience, `${where}: audience`, 'https://api.example.com');
  const decryption = decryptionKeysOf(options.decryption, `${where}: decryption`);
  assertVerification(options, decryption, where);
  const claims = pickClaimsTerms(options);
  resolveClaimsPolicy({ ...claims, issuer: 'any', audience: audiences }, where);
  assertString(clientClaim, where, 'clientClaim', 'azp');
  if (typeof kidlessRotation !== 'boolean') {
    throw new TypeError(`${where}: kidlessRotation must be a boolean: omit it, or set it to true`);
  }
  return Object.freeze({
    issuer,
    audiences,
    scopes: resolveScopes(options.scopes, where),
    decryption,
    verification: options.verification,
    ...resolveAlgorithms(options, where),
    ...resolveTyps(options.typ, where),
    claims,
    clientClaim,
    impliedClaims: resolveImpliedClaims(options, decryption, where),
    kidlessRotation,
    signedOnlyUntil: resolveSignedOnly(signedOnly, options, where),
  });
}

function assertIssuer(issuer: unknown, where: string): void {
  if (typeof issuer === 'function' || (typeof issuer === 'string' && issuer !== '')) return;
  throw new TypeError(
    `${where}: issuer is required: pass the iss of its tokens, for example "https://idp.example.com", or a function that matches it`,
  );
}

function assertVerification(
  { issuer, verification }: TrustedIssuerOptions,
  { keys }: DecryptionKeysInternals,
  where: string,
): void {
  const isShared = keys.some(({ type }) => type === 'secret');
  if (typeof issuer === 'function' && isShared) {
    throw new TypeError(
      `${where}: decryption must contain only private keys if issuer is a function, because a symmetric key belongs to one issuer: pass key pairs`,
    );
  }
  if (verification === undefined && keys.some(({ type }) => type !== 'secret')) {
    throw new TypeError(
      `${where}: verification is required, because anyone can encrypt to a public key: pass remoteJwks(...), discoverJwks(...) or await createVerificationKeys(...)`,
    );
  }
  if (verification === undefined || typeof verification === 'function') return;
  assertMethod(
    verification,
    'find',
    `${where}: verification must be VerificationKeys: pass remoteJwks(...), discoverJwks(...) or await createVerificationKeys(...)`,
  );
}

function resolveScopes(scopes: unknown, where: string): ReadonlyMap<string, readonly string[]> {
  const entries = scopeEntries(scopes);
  const isValid = entries?.every((names) => names.every(isScopeToken)) ?? false;
  if (entries === undefined || !isValid) {
    throw new TypeError(
      `${where}: scopes is required: pass scope tokens, for example ["read"], a map such as { "api.read": "read" }, or [] for none`,
    );
  }
  return new Map(entries.map(([theirs, ...ours]) => [theirs, ours]));
}

/** List the scope tokens of the issuer, each followed by ours. */
function scopeEntries(scopes: unknown): readonly (readonly [string, ...string[]])[] | undefined {
  if (Array.isArray(scopes)) return scopes.map((scope) => [scope, scope]);
  if (typeof scopes !== 'object' || scopes === null) return undefined;
  return Object.entries(scopes).map(([theirs, ours]) => [theirs, ...[ours].flat()]);
}

function resolveAlgorithms(options: TrustedIssuerOptions, where: string) {
  const {
    keyManagementAlgorithms: keyManagement = KEY_MANAGEMENT_DEFAULT,
    contentEncryptionAlgorithms: contentEncryption = CONTENT_ENCRYPTION_DEFAULT,
    signatureAlgorithms: signature = SIGNATURE_DEFAULT,
  } = options;
  return {
    keyManagement: toSet(keyManagement, isKeyManagementAlgorithm, [
      `${where}: keyManagementAlgorithms`,
      'RSA-OAEP-256',
    ]),
    contentEncryption: toSet(contentEncryption, isContentEncryptionAlgorithm, [
      `${where}: contentEncryptionAlgorithms`,
      'A256GCM',
    ]),
    signature: withBothNames(
      toSet(signature, isVerificationAlgorithm, [`${where}: signatureAlgorithms`, 'RS256']),
    ),
  };
}

/** Add the other name of `EdDSA` and `Ed25519`, which are one algorithm for the keys of this package (RFC 9864 §2.2). */
function withBothNames(algorithms: ReadonlySet<string>): ReadonlySet<string> {
  const names = ['EdDSA', 'Ed25519'];
  return names.some((name) => algorithms.has(name)) ? new Set([...algorithms, ...names]) : algorithms;
}

function toSet(
  names: readonly string[],
  isSupported: (name: unknown) => boolean,
  [option, example]: readonly [string, string],
): ReadonlySet<string> {
  if (Array.isArray(names) && names.length > 0 && names.every(isSupported)) return new Set(names);
  throw new TypeError(`${option} must be an array of supported algorithms, for example ["${example}"]`);
}

function resolveTyps(
  typ: TrustedIssuerOptions['typ'] = ACCESS_TOKEN_TYP,
  where: string,
): Pick<IssuerTerms, 'acceptsMissingTyp' | 'typs'> {
  const values = Array.isArray(typ) ? typ : [typ];
  const names = values.filter((value) => value !== null);
  const acceptsMissingTyp = names.length < values.length;
  if (names.length > 0 || !acceptsMissingTyp) resolveStrings(names, `${where}: typ`, ACCESS_TOKEN_TYP);
  const typs = new Set(names.map(normalizeTyp));
  if (typs.has(REFRESH_TOKEN_TYP)) {
    throw new TypeError(
      `${where}: typ must not include ${REFRESH_TOKEN_TYP}, the type of refresh tokens: remove that value`,
    );
  }
  return { typs, acceptsMissingTyp };
}

function pickClaimsTerms(options: TrustedIssuerOptions): ClaimsTerms {
  const { requiredClaims, scopeClaim, clockToleranceSeconds, maxTokenAgeSeconds, maxTokenLifetimeSeconds } =
    options;
  return {
    ...(requiredClaims === undefined ? {} : { requiredClaims }),
    ...(scopeClaim === undefined ? {} : { scopeClaim }),
    ...(clockToleranceSeconds === undefined ? {} : { clockToleranceSeconds }),
    ...(maxTokenAgeSeconds === undefined ? {} : { maxTokenAgeSeconds }),
    ...(maxTokenLifetimeSeconds === undefined ? {} : { maxTokenLifetimeSeconds }),
  };
}

function resolveImpliedClaims(
  { impliedClaims = [], issuer, audience, verification }: TrustedIssuerOptions,
  { keys }: DecryptionKeysInternals,
  where: string,
): ReadonlySet<'aud' | 'iss'> {
  const isKnown =
    Array.isArray(impliedClaims) && impliedClaims.every((name) => name === 'iss' || name === 'aud');
  if (!isKnown) {
    throw new TypeError(
      `${where}: impliedClaims must be an array of "iss" and "aud", for example ["iss", "aud"]`,
    );
  }
  const implied = new Set(impliedClaims);
  const areSymmetric = verification === undefined && keys.every(({ type }) => type === 'secret');
  const areSingle = typeof issuer === 'string' && [audience].flat().length === 1;
  if (implied.size > 0 && !(areSymmetric && areSingle)) {
    throw new TypeError(
      `${where}: impliedClaims requires symmetric decryption keys without verification, and a single issuer and audience: omit it, or pass these options`,
    );
  }
  return implied;
}

function resolveSignedOnly(
  signedOnly: TrustedIssuerOptions['signedOnly'],
  { verification }: TrustedIssuerOptions,
  where: string,
): number {
  if (signedOnly === undefined) return 0;
  assertObject(signedOnly, `${where}: signedOnly`, '{ until: 1798761600 }');
  if (!isNumericDate(signedOnly.until)) {
    throw new TypeError(
      `${where}: signedOnly.until must be a NumericDate in seconds, not milliseconds, for example 1798761600`,
    );
  }
  if (verification === undefined) {
    throw new TypeError(
      `${where}: signedOnly requires verification: pass the verification keys of the issuer`,
    );
  }
  return signedOnly.until;
}
