import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { InvalidTokenError } from '../../src/base/errors.js';
import type { JsonObject } from '../../src/base/json.js';
import {
  CONTENT_KEY_BYTES,
  type ContentEncryptionAlgorithm,
  isContentEncryptionAlgorithm,
  isKeyManagementAlgorithm,
} from '../../src/keys/jwe-algorithms.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { decodeBase64url, splitToken } from '../../src/token/compact-serialization.js';
import { decryptJwe, type EncryptedContent } from '../../src/token/decrypt-jwe.js';
import type { TokenKeyManagement } from '../../src/token/encrypted-key-bytes.js';
import { parseHeaderObject, parseProtectedHeader } from '../../src/token/protected-header.js';
import type { UnwrappingKey } from '../../src/token/unwrap-key.js';
import { generateEc, generateOkp, generateRsa } from './key-pairs.js';

/** A key, in the forms that the codec, jose and jwcrypto take. */
export interface CodecKey {
  readonly key: UnwrappingKey;
  readonly sealer: KeyObject;
  readonly opener: KeyObject;
  readonly jwk: Jwk;
}

/** One combination of algorithms and curve. */
export interface CodecCase extends CodecKey {
  readonly name: string;
  readonly alg: TokenKeyManagement;
  readonly enc: ContentEncryptionAlgorithm;
}

export const ENCRYPTIONS = Object.keys(CONTENT_KEY_BYTES).filter(isContentEncryptionAlgorithm);
export const AGREEMENTS = ['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'] as const;
export const OAEP_ALGORITHMS = ['RSA-OAEP', 'RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'] as const;
export const WRAPS = { A128KW: 16, A192KW: 24, A256KW: 32, A256GCMKW: 32 } as const;
export const CURVES = ['P-256', 'P-384', 'P-521', 'X25519'] as const;

export function createSecretCodecKey(bytes: number): CodecKey {
  const secret = createSecretKey(randomBytes(bytes));
  const jwk = { kty: 'oct', k: secret.export().toString('base64url') };
  return { key: { type: 'secret', secret }, sealer: secret, opener: secret, jwk };
}

export function createRsaCodecKey(): CodecKey {
  const { privateJwk } = generateRsa();
  const halves = importHalves(privateJwk);
  return { ...halves, key: { type: 'RSA', privateKey: halves.opener } };
}

export function createAgreementCodecKey(curve: (typeof CURVES)[number]): CodecKey {
  const { privateJwk } = curve === 'X25519' ? generateOkp('x25519') : generateEc(curve);
  const halves = importHalves(privateJwk);
  return { ...halves, key: { type: 'agreement', privateKey: halves.opener, curve } };
}

function importHalves(jwk: Jwk): Omit<CodecKey, 'key'> {
  const opener = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  return { jwk, opener, sealer: createPublicKey(opener) };
}

/** Every combination of `alg`, `enc` and curve. One key per type, curve and length. */
export function createCodecCases(): readonly CodecCase[] {
  const rsa = createRsaCodecKey();
  const byCurve = CURVES.map((curve) => [curve, createAgreementCodecKey(curve)] as const);
  return ENCRYPTIONS.flatMap((enc) => {
    const name = (...parts: string[]) => [...parts, enc].join(' ');
    const wraps = Object.entries(WRAPS).flatMap(([alg, bytes]) =>
      isTokenKeyManagement(alg) ? [{ name: name(alg), alg, enc, ...createSecretCodecKey(bytes) }] : [],
    );
    return [
      { name: name('dir'), alg: 'dir', enc, ...createSecretCodecKey(CONTENT_KEY_BYTES[enc]) },
      ...wraps,
      ...OAEP_ALGORITHMS.map((alg) => ({ name: name(alg), alg, enc, ...rsa })),
      ...AGREEMENTS.flatMap((alg) =>
        byCurve.map(([curve, key]) => ({ name: name(alg, curve), alg, enc, ...key })),
      ),
    ] satisfies readonly CodecCase[];
  });
}

/** A token of a case by jose. @param header further members of the protected header. */
export function sealByJose(
  { alg, enc, sealer }: CodecCase,
  plaintext: string,
  header: JsonObject = {},
  { apu, apv }: { readonly apu?: string; readonly apv?: string } = {},
): Promise<string> {
  const sealing = new CompactEncrypt(Buffer.from(plaintext)).setProtectedHeader({
    ...{ alg, enc, kid: 'key', typ: 'at+jwt' },
    ...header,
  });
  sealing.setKeyManagementParameters({
    ...(apu === undefined ? {} : { apu: Buffer.from(apu) }),
    ...(apv === undefined ? {} : { apv: Buffer.from(apv) }),
  });
  return sealing.encrypt(sealer);
}

/** The plaintext by jose, or `undefined` if jose rejects the token. jose may use every algorithm. */
export async function openByJose(token: string, { opener }: CodecKey): Promise<string | undefined> {
  try {
    const { plaintext } = await compactDecrypt(token, opener, {
      keyManagementAlgorithms: ['dir', ...Object.keys(WRAPS), ...OAEP_ALGORITHMS, ...AGREEMENTS],
      contentEncryptionAlgorithms: ENCRYPTIONS,
    });
    return Buffer.from(plaintext).toString('latin1');
  } catch {
    return undefined;
  }
}

/** The plaintext by the codec, with every algorithm that the key allows. @throws InvalidTokenError */
export function openByCodec(token: string, key: UnwrappingKey): string {
  return decryptJwe(readJwe(token, key)).toString('latin1');
}

/** The plaintext by the codec, or `undefined` if it rejects the token. */
export function openIfValid(token: string, key: UnwrappingKey): string | undefined {
  try {
    return openByCodec(token, key);
  } catch (error) {
    if (error instanceof InvalidTokenError) return undefined;
    throw error;
  }
}

/** Parse a token for the codec, with all checks of its header. @throws InvalidTokenError */
export function readJwe(token: string, key: UnwrappingKey): EncryptedContent {
  parseProtectedHeader(decodeBase64url(token.slice(0, Math.max(0, token.indexOf('.')))));
  return readParts(token, key);
}

/** Parse a token for the codec, also without `kid`. @throws InvalidTokenError */
export function readParts(token: string, key: UnwrappingKey): EncryptedContent {
  const segments = splitToken(token, 16_384);
  const header = parseHeaderObject(decodeBase64url(segments.header));
  const { alg, enc } = header;
  if (!isTokenKeyManagement(alg) || !isContentEncryptionAlgorithm(enc)) {
    throw new InvalidTokenError('algorithm');
  }
  const sealed = {
    iv: decodeBase64url(segments.iv),
    ciphertext: decodeBase64url(segments.ciphertext),
    tag: decodeBase64url(segments.tag),
  };
  const encryptedKey = decodeBase64url(segments.encryptedKey);
  return { alg, enc, key, header, encryptedKey, sealed, additionalData: Buffer.from(segments.header) };
}

function isTokenKeyManagement(alg: unknown): alg is TokenKeyManagement {
  return alg === 'A256GCMKW' || isKeyManagementAlgorithm(alg);
}
