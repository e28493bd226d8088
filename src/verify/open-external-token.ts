import { hash } from 'node:crypto';
import { chain } from '../base/chain.js';
import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import type { JsonObject, JsonValue } from '../base/json.js';
import type { DecryptionKey } from '../keys/decryption-key.js';
import type { VerificationKey } from '../keys/signature-key.js';
import { decodeClaims, parseClaims } from '../token/claims/parse-claims.js';
import { assertNoIdToken } from '../token/claims/validate-claims-set.js';
import { assertAscii, splitToken } from '../token/compact-serialization.js';
import { type ParsedJws, parseJws } from '../token/parse-jws.js';
import {
  cacheExternalHeader,
  type ExternalHeader,
  readExternalHeader,
} from '../token/read-external-header.js';
import type { BoundIssuer } from './bound-issuer.js';
import { decryptWithCandidates } from './decrypt-with-candidates.js';
import type { IssuerTerms } from './issuer-terms.js';
import { acceptsAlgorithms, type KeyCandidate, selectDecryptionKeys } from './select-decryption-keys.js';
import type { TrustedIssuers } from './trusted-issuers.js';
import { verifyIssuerSignature } from './verify-issuer-signature.js';

/** Authentic token of a trusted issuer. The claims are not validated yet. Deeply frozen. */
export interface ExternalToken {
  /** Protected header of the JWE, or header of the JWS if the token is not encrypted. */
  readonly header: JsonObject;
  /** Claims, with the identity as `jti` if the token has none, and with implied claims. */
  readonly claims: JsonObject;
  readonly issuer: BoundIssuer;
  /** Key that decrypted the token. Absent if the token is not encrypted. */
  readonly decryptionKey?: DecryptionKey;
  readonly signedHeader?: JsonObject;
  readonly verificationKey?: VerificationKey;
}

/** What opening a token requires. */
export interface ExternalOptions {
  readonly trusted: TrustedIssuers;
  /** Whether a `kid` is of a key for tokens of home issuers, which take precedence. */
  readonly isHomeKey: (kid: string) => boolean;
  /** Maximum token length in characters. Longer tokens are rejected without parsing. */
  readonly maxTokenLength: number;
}

/**
 * Decrypt a JWE of a trusted issuer, and verify the nested JWS.
 *
 * @returns a promise only if the lookup of the issuer or of its key returns one
 * @throws InvalidTokenError (or as rejection) if the token is rejected
 * @throws TemporarilyUnavailableError (or as rejection) if a tenant or a key cannot be looked up
 * @see RFC 7519 §7.2
 */
export function openExternalToken(
  token: string,
  { trusted, maxTokenLength }: ExternalOptions,
  now: NumericDate,
): ExternalToken | Promise<ExternalToken> {
  const segments = splitToken(token, maxTokenLength);
  const header = readExternalHeader(segments.header);
  const candidates = selectDecryptionKeys(header, trusted.terms, now);
  const { plaintext, candidate } = decryptWithCandidates(segments, header, candidates);
  const content = readContent(plaintext, header);
  return chain(findIssuer(content.claims, candidate, trusted), (issuer) => {
    if (!acceptsAlgorithms(issuer.terms, header)) throw new InvalidTokenError('algorithm');
    return chain(verifyContent(content, { issuer, candidate, now }), (verificationKey) => {
      const claims = completeClaims(content, issuer);
      assertReplicatedClaims(header, claims);
      cacheExternalHeader(segments.header, header);
      const decryptionKey = keyOfIssuer(candidate, issuer);
      const signed = content.jws && verificationKey && { signedHeader: content.jws.header, verificationKey };
      return Object.freeze({
        header: nameKey(header, decryptionKey),
        claims,
        issuer,
        decryptionKey,
        ...signed,
      });
    });
  });
}

/**
 * Verify a signed JWT without encryption, of an issuer that may still send them.
 *
 * @returns a promise only if the lookup of the issuer or of its key returns one
 * @throws InvalidTokenError (or as rejection) if the token is rejected
 * @throws TemporarilyUnavailableError (or as rejection) if a tenant or a key cannot be looked up
 */
export function openSignedOnlyToken(
  token: string,
  { trusted, maxTokenLength }: ExternalOptions,
  now: NumericDate,
): ExternalToken | Promise<ExternalToken> {
  if (token.length > maxTokenLength) throw new InvalidTokenError('too_long');
  assertAscii(token);
  const content = readSigned(Buffer.from(token, 'latin1'));
  const { jws } = content;
  // Anyone can write an unsigned text, so no function is asked for an issuer that may not send one.
  const senders = trusted.terms.filter(
    ({ issuer, signedOnlyUntil }) => typeof issuer === 'string' || signedOnlyUntil > now,
  );
  return chain(findNamedIssuer(content.claims['iss'], senders, trusted), (issuer) => {
    if (!(issuer.terms.signedOnlyUntil > now)) throw new InvalidTokenError('not_encrypted');
    assertNoIdToken(content.claims);
    return chain(verifyIssuerSignature(jws, issuer, now), (verificationKey) => {
      const claims = completeClaims(content, issuer);
      const { header } = jws;
      return Object.freeze({ header, claims, issuer, signedHeader: header, verificationKey });
    });
  });
}

/** The key as the issuer configured it, because only this object expires or is removed with the keys of the issuer. */
function keyOfIssuer({ key, keys, owners }: KeyCandidate, { terms }: BoundIssuer): DecryptionKey {
  return keys[owners.indexOf(terms)] ?? key;
}

/** Add the `kid` of the key if the header has none, so that a revocation of the `kid` applies to the token. */
function nameKey(header: ExternalHeader, { kid }: DecryptionKey): JsonObject {
  return header['kid'] === undefined ? Object.freeze({ ...header, kid }) : header;
}

/** Content of a JWE, and the text that identifies the token if it has no `jti`. */
interface Content {
  readonly claims: JsonObject;
  readonly jws?: ParsedJws;
  /** The signing input of the nested JWS, or the claims. Unlike the text of the JWE, only the issuer can create it. */
  readonly identified: Buffer;
}

const OPENING_BRACE = 0x7b;

/** Read a nested JWS, or claims without one. Some issuers omit `cty`. */
function readContent(plaintext: Buffer, { cty }: ExternalHeader): Content {
  if (cty === undefined && plaintext[0] === OPENING_BRACE) {
    return { claims: parseClaims(decodeClaims(plaintext)), identified: plaintext };
  }
  return readSigned(plaintext);
}

function readSigned(bytes: Buffer): Content & { readonly jws: ParsedJws } {
  const jws = parseJws(bytes);
  return { claims: parseClaims(decodeClaims(jws.payload)), jws, identified: jws.signingInput };
}

/** Find the issuer among the owners of the key. The sole owner of a symmetric key can imply `iss`. */
function findIssuer(
  { iss }: JsonObject,
  { owners }: KeyCandidate,
  trusted: TrustedIssuers,
): BoundIssuer | Promise<BoundIssuer> {
  const [owner] = owners;
  const isImplied = iss === undefined && owner?.impliedClaims.has('iss') === true;
  return findNamedIssuer(isImplied ? String(owner.issuer) : iss, owners, trusted);
}

function findNamedIssuer(
  iss: JsonValue | undefined,
  owners: readonly IssuerTerms[],
  trusted: TrustedIssuers,
): BoundIssuer | Promise<BoundIssuer> {
  if (iss === undefined) throw new InvalidTokenError('claim_missing', undefined, { claim: 'iss' });
  if (typeof iss !== 'string') throw new InvalidTokenError('claim_malformed', undefined, { claim: 'iss' });
  return chain(trusted.find(iss, owners), (issuer) => {
    if (issuer !== undefined) return issuer;
    const expected = owners.flatMap((owner) => (typeof owner.issuer === 'string' ? [owner.issuer] : []));
    throw new InvalidTokenError('wrong_issuer', undefined, { expected, found: iss });
  });
}

interface Authentication {
  readonly issuer: BoundIssuer;
  readonly candidate: KeyCandidate;
  readonly now: NumericDate;
}

/**
 * Verify the nested JWS. Claims without one are authentic only under a symmetric key, and only if the issuer has no
 * verification keys.
 *
 * @returns the key of the nested JWS, or `undefined` without one
 */
function verifyContent(
  { jws }: Content,
  { issuer, candidate, now }: Authentication,
): VerificationKey | undefined | Promise<VerificationKey> {
  if (jws !== undefined) return verifyIssuerSignature(jws, issuer, now);
  const isAuthentic = candidate.key.type === 'secret' && issuer.terms.verification === undefined;
  if (!isAuthentic) throw new InvalidTokenError('not_signed');
  return undefined;
}

/**
 * Add implied claims, and a `jti` if the token has none: the SHA-256 of the signed text. The text of the JWE does not
 * identify the token, because anyone can encrypt to a public key again.
 */
function completeClaims({ claims, identified }: Content, { issuer, terms, policy }: BoundIssuer): JsonObject {
  const { impliedClaims } = terms;
  const [iss, aud, jti] = [claims['iss'], claims['aud'], claims['jti']];
  if (iss !== undefined && aud !== undefined && jti !== undefined) return claims;
  const [audience = ''] = policy.audiences;
  return Object.freeze({
    ...claims,
    ...(iss === undefined && impliedClaims.has('iss') ? { iss: issuer } : undefined),
    ...(aud === undefined && impliedClaims.has('aud') ? { aud: audience } : undefined),
    ...(jti === undefined ? { jti: `sha-256:${hash('sha256', identified, 'base64url')}` } : undefined),
  });
}

/** Assert that claims in the protected header equal the claims (RFC 7519 §5.3). */
function assertReplicatedClaims(header: JsonObject, claims: JsonObject): void {
  for (const name of ['iss', 'sub', 'aud']) {
    if (header[name] === undefined) continue;
    const isEqual = JSON.stringify([header[name]].flat()) === JSON.stringify([claims[name]].flat());
    if (!isEqual) throw new InvalidTokenError('replicated_claim', undefined, { claim: name });
  }
}
