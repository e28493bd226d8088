import type { Jwk } from '../../../src/keys/jwk.js';

/** A JWS in a foreign token. */
export interface ForeignSignature {
  /** Members of the protected header beside `alg`, such as `kid` and `typ`. */
  readonly header?: object;
  readonly claims: object;
  /** Private key, or shared key for `HS*`. Only the members of its key type count. */
  readonly signingKey: Jwk;
  readonly alg: string;
}

interface ForeignEncryption {
  /** The library that makes the token. */
  readonly by: 'jose' | 'node-jose' | 'jwcrypto';
  /** Members of the protected header beside `alg` and `enc`, such as `kid`, `typ`, `cty` and `zip`. */
  readonly header?: object;
  /** Public or shared key. Only the members of its key type count. */
  readonly encryptionKey: Jwk;
  readonly alg: string;
  readonly enc: string;
}

/** What a foreign token contains: claims, or a JWS. */
export type ForeignTokenRequest = ForeignEncryption &
  (
    | { readonly claims: object; readonly inner?: never }
    | { readonly inner: ForeignSignature; readonly claims?: never }
  );

/** Header of a JWE. */
export interface ForeignHeader {
  readonly alg: string;
  readonly enc: string;
}

/** A library that makes tokens. */
export interface TokenMaker {
  encrypt(plaintext: string, header: ForeignHeader, key: Jwk): Promise<string>;
  sign(payload: string, header: Pick<ForeignHeader, 'alg'>, key: Jwk): Promise<string>;
}
