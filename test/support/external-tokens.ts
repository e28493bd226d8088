import type { DecryptionKeys } from '../../src/keys/decryption-keys.js';
import type { VerificationKeys } from '../../src/keys/verification-keys.js';
import { createTokenVerifier, type TokenVerifier } from '../../src/verify/token-verifier.js';
import type { TokenVerifierOptions } from '../../src/verify/token-verifier-options.js';
import { trustedIssuer } from '../../src/verify/trusted-issuer.js';
import type { TrustedIssuer, TrustedIssuerOptions } from '../../src/verify/trusted-issuer-options.js';
import { bareJwk } from './foreign-tokens/bare-jwk.js';
import { joseMaker } from './foreign-tokens/jose-maker.js';
import type { JwkPair } from './key-pairs.js';
import { signText } from './signed-tokens.js';
import { AUDIENCE, clock, NOW } from './tokens.js';
import { decryptionOf, verificationOf } from './trusted-keys.js';

/** A trusted issuer of the tests. */
export const IDP = 'https://idp.example.com';

/** Claims of a token of `IDP`; `undefined` removes one. */
export function externalClaims(changes: object = {}): Readonly<Record<string, unknown>> {
  const times = { iat: NOW, exp: NOW + 600 };
  return {
    iss: IDP,
    sub: 'alice',
    aud: AUDIENCE,
    ...times,
    jti: 'j1',
    client_id: 'web',
    scope: 'read',
    ...changes,
  };
}

/** What an issuer writes. */
export interface ExternalParts {
  /** Key to encrypt to, with its `kid`. */
  readonly key: JwkPair;
  readonly alg: string;
  readonly enc?: string;
  /** Members that replace or join those of the protected header. */
  readonly header?: object;
  /** Key that signs, with `alg` and `kid`. Absent: the claims are encrypted directly. */
  readonly signer?: JwkPair;
  readonly signedHeader?: object;
  readonly claims?: object;
  /** Instead of the claims, or of the nested JWS. */
  readonly content?: string;
}

/** A token as another issuer makes it. */
export async function makeExternal(parts: ExternalParts): Promise<string> {
  const { key, alg, enc = 'A256GCM', header = {}, signer } = parts;
  const nested = signer === undefined ? { typ: 'at+jwt' } : { cty: 'JWT' };
  const content =
    parts.content ?? (signer ? signExternal(signer, parts) : JSON.stringify(externalClaims(parts.claims)));
  const members = JSON.parse(JSON.stringify({ alg, enc, kid: key.publicJwk['kid'], ...nested, ...header }));
  return joseMaker.encrypt(content, members, bareJwk(key.publicJwk));
}

/** The JWS in a token, or a token without encryption. */
export function signExternal(
  { privateJwk }: JwkPair,
  { signedHeader = {}, claims = {} }: Pick<ExternalParts, 'signedHeader' | 'claims'> = {},
): string {
  const { alg, kid } = privateJwk;
  const header = JSON.stringify({ alg, kid, typ: 'at+jwt', ...signedHeader });
  return signText(header, JSON.stringify(externalClaims(claims)), privateJwk);
}

/** Keys of a trusted issuer, as pairs of the tests or as this package reads them. */
export interface TrustedKeys {
  readonly keys: DecryptionKeys | JwkPair;
  readonly signer?: JwkPair | VerificationKeys | ((issuer: string) => VerificationKeys);
}

export async function trustIdp(
  { keys, signer }: TrustedKeys,
  changes: Partial<TrustedIssuerOptions> = {},
): Promise<TrustedIssuer> {
  const decryption = 'privateJwk' in keys ? await decryptionOf(keys) : keys;
  const verification = signer !== undefined && 'privateJwk' in signer ? await verificationOf(signer) : signer;
  return trustedIssuer({
    ...{ issuer: IDP, audience: AUDIENCE, scopes: ['read'], decryption },
    ...(verification === undefined ? {} : { verification }),
    ...changes,
  });
}

/** A verifier of trusted issuers only, without a cache unless the options say otherwise. */
export function verifierOf(
  trusted: TrustedIssuer | readonly TrustedIssuer[],
  options: Partial<TokenVerifierOptions> = {},
): TokenVerifier {
  return createTokenVerifier({ trustedIssuers: [trusted].flat(), clock, tokenCache: false, ...options });
}
