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

export interface ReadingOptions extends KeyOptions {
  /** Audiences that keys are derived for. */
  readonly audiences: readonly string[];
  /** Audience of refresh tokens. Without it, refresh tokens are not read. */
  readonly issuer: string | undefined;
}

/** A decrypted access or refresh token. A nested signature is not verified. */
export interface AnyToken extends DecryptedToken {
  readonly kind: 'access' | 'refresh';
  /** Whether the token proves its issuance. Under some keys, no token can. */
  readonly proof: 'proven' | 'unproven' | 'unprovable';
}

/** The owner of a token, from its claims. */
export interface TokenOwner {
  readonly client_id: string | null;
  readonly subject: string | null;
  readonly session_id: string | null;
}

/**
 * Opens access and refresh tokens under keys of every algorithm in a key file.
 * @throws InvalidTokenError (as rejection) if none of these keys opens the token.
 * @throws UsageError (as rejection) if deriving the key needs the audience or the issuer.
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
    throw new UsageError('Keys are derived per audience: pass --audience too');
  }
  const decryption: DecryptionOptions = {
    keyRing,
    maxTokenLength: MAX_TOKEN_LENGTH,
    verification: 'unverified',
  };
  const opened = await decryptToken(token, decryption, io.clock());
  const canProve = opened.key.alg === 'dir' && opened.key.provenance !== undefined;
  // The issuer nests no signed token under a key that proves issuance.
  const isGenuine = canProve && opened.signedHeader === undefined && isProven(token, decryption, io.clock());
  const ofMac = isGenuine ? 'proven' : 'unproven';
  return { ...opened, kind: opened.key.purpose, proof: canProve ? ofMac : 'unprovable' };
}

/** Decodes the unencrypted header of a token. @throws UsageError if it is not a JSON object. */
export function readTokenHeader(token: string): JsonObject {
  const text = Buffer.from(token.split('.', 1).join(''), 'base64url').toString('utf8');
  try {
    const header: unknown = JSON.parse(text);
    if (isJsonObject(header)) return header;
  } catch {
    // The parser's message would quote what may be a secret in the wrong place.
  }
  throw new UsageError('Not a JWE in compact serialization: the header is not a JSON object');
}

export function ownerOf({ claims }: Pick<AnyToken, 'claims'>): TokenOwner {
  const read = (name: string): string | null => {
    const value = claims[name];
    return typeof value === 'string' ? value : null;
  };
  return { client_id: read('client_id'), subject: read('sub'), session_id: read('session_id') };
}

/** Describes an owner, for example `session s1 of alice, API key demo`. */
export function describeOwner({ client_id: client, subject, session_id: session }: TokenOwner): string {
  const ofSession = session === null ? 'no session' : `session ${formatCell(session)}`;
  const ofSubject = subject === null ? 'no subject' : formatCell(subject);
  return `${ofSession} of ${ofSubject}, API key ${formatCell(client)}`;
}
