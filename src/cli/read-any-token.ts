import { resolve } from 'node:path';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { isContentEncryption } from '../keys/content-key.js';
import { createKeyRing } from '../keys/create-key-ring.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import { REFRESH_TOKEN_TYP } from '../token/claims/claims-set.js';
import {
  type DecryptedToken,
  type DecryptionOptions,
  decryptToken,
  isProven,
} from '../token/decrypt-token.js';
import type { CommandIo } from './command-io.js';
import { formatCell } from './print-result.js';
import { type KeyOptions, UsageError } from './settings.js';

const MAX_TOKEN_LENGTH = 8192;

/** Options of `readAnyToken()`. */
export interface ReadingOptions extends KeyOptions {
  /** Audiences for which keys are derived. */
  readonly audiences: readonly string[];
  /** Issuer, which is the audience of refresh tokens. If undefined, refresh tokens under derived keys are not read. */
  readonly issuer: string | undefined;
}

/** Decrypted access or refresh token. A nested signature is not verified. */
export interface AnyToken extends DecryptedToken {
  readonly kind: 'access' | 'refresh';
  /** Whether the token has a valid proof of issuance. `unprovable`: tokens under this key cannot have one. */
  readonly proof: 'proven' | 'unproven' | 'unprovable';
}

/** Owner of a token, according to its claims. */
export interface TokenOwner {
  readonly client_id: string | null;
  readonly subject: string | null;
  readonly session_id: string | null;
}

/**
 * Decrypt an access or refresh token with the keys in a key file, under any supported algorithm.
 *
 * @throws InvalidTokenError (as rejection) if no key decrypts the token.
 * @throws UsageError (as rejection) if deriving the key requires the audience or the issuer.
 */
export async function readAnyToken(io: CommandIo, token: string, options: ReadingOptions): Promise<AnyToken> {
  const { keys, environment, audiences, issuer } = options;
  const { enc, typ, kid } = readTokenHeader(token);
  const ring = await createKeyRing({
    current: { file: resolve(io.directory, keys) },
    environment,
    ...(isContentEncryption(enc) ? { enc } : {}),
  });
  const keyRing = internalsOf(ring);
  const isRefresh = typ === REFRESH_TOKEN_TYP;
  for (const audience of audiences) keyRing.prepare('access', audience);
  if (issuer !== undefined) keyRing.prepare('refresh', issuer);
  const isKnown = keyRing.decryptionKey(String(kid)) !== undefined;
  if (!isKnown && isRefresh && issuer === undefined) {
    throw new UsageError('Keys of refresh tokens are derived for the issuer: pass --issuer too');
  }
  if (!isKnown && !isRefresh && audiences.length === 0) {
    throw new UsageError('Keys of access tokens are derived for each audience: pass --audience too');
  }
  const decryption: DecryptionOptions = {
    keyRing,
    maxTokenLength: MAX_TOKEN_LENGTH,
    verification: 'unverified',
  };
  const opened = await decryptToken(token, decryption, io.clock());
  const canProve = opened.key.alg === 'dir' && opened.key.provenance !== undefined;
  // A token with a nested signature is not genuine: under a key that proves issuance, the issuer does not sign.
  const isGenuine = canProve && opened.signedHeader === undefined && isProven(token, decryption, io.clock());
  const ofMac = isGenuine ? 'proven' : 'unproven';
  return { ...opened, kind: opened.key.purpose, proof: canProve ? ofMac : 'unprovable' };
}

/**
 * Decode the unencrypted header of a token.
 *
 * @throws UsageError if the header is not a JSON object.
 */
export function readTokenHeader(token: string): JsonObject {
  const text = Buffer.from(token.split('.', 1).join(''), 'base64url').toString('utf8');
  try {
    const header: unknown = JSON.parse(text);
    if (isJsonObject(header)) return header;
  } catch {
    // The error of the parser would quote the argument, which may be a secret in the wrong place.
  }
  throw new UsageError(
    'The argument is not a token: pass a JWE in compact serialization, whose header is a JSON object',
  );
}

/** Return the owner of a token. Missing claims are `null`. */
export function ownerOf({ claims }: Pick<AnyToken, 'claims'>): TokenOwner {
  const read = (name: string): string | null => {
    const value = claims[name];
    return typeof value === 'string' ? value : null;
  };
  return { client_id: read('client_id'), subject: read('sub'), session_id: read('session_id') };
}

/** Format an owner, for example `session s1 of alice, API key demo`. */
export function describeOwner({ client_id: client, subject, session_id: session }: TokenOwner): string {
  const ofSession = session === null ? 'no session' : `session ${formatCell(session)}`;
  const ofSubject = subject === null ? 'no subject' : formatCell(subject);
  return `${ofSession} of ${ofSubject}, API key ${formatCell(client)}`;
}
