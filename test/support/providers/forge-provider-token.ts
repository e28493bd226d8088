import { CompactEncrypt, CompactSign, type CryptoKey, importJWK } from 'jose';
import type { Jwk } from '../../../src/keys/jwk.js';

/** A token as a provider documents it. */
export interface ProviderToken {
  /** Protected header of the JWE. */
  readonly header: Readonly<Record<string, unknown>> & { readonly alg: string; readonly enc: string };
  /** Header of the nested JWS; without it, the claims are encrypted directly. */
  readonly signedHeader?: Readonly<Record<string, unknown>> & { readonly alg: string };
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The key that a provider encrypts with, and the one that it signs with. */
export interface ProviderKeys {
  readonly encryption: Jwk;
  readonly signature?: Jwk;
}

export async function forgeProviderToken(
  { header, signedHeader, claims }: ProviderToken,
  { encryption, signature }: ProviderKeys,
): Promise<string> {
  const payload = Buffer.from(JSON.stringify(claims));
  const content =
    signedHeader === undefined
      ? payload
      : Buffer.from(
          await new CompactSign(payload)
            .setProtectedHeader(signedHeader)
            .sign(await importKey(signature, signedHeader.alg)),
        );
  return new CompactEncrypt(content)
    .setProtectedHeader(header)
    .encrypt(await importKey(encryption, header.alg));
}

function importKey(jwk: Jwk | undefined, alg: string): Promise<CryptoKey | Uint8Array> {
  return importJWK({ ...jwk, alg }, alg);
}
