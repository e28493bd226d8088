import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRevocations, type Revocations } from 'passport-jwe';
import { openLmdbStores } from 'passport-jwe/lmdb';
import type { ContentEncryption } from '../../src/keys/content-key.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { Jwk } from '../../src/keys/jwk.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { SigningKey } from '../../src/keys/signature-key.js';
import { refreshTokenCodec } from '../../src/sessions/refresh-token-codec.js';
import type { Stores } from '../../src/stores/stores.js';
import { sealToken } from '../../src/token/seal-token.js';
import { AUDIENCE, claimsOf, ISSUER, NOW, secretOf } from './tokens.js';

/** An audience that one API key has in its file. */
export const REPORTS = 'https://reports.example.com';

export const SERVICE = ['--issuer', ISSUER, '--audience', AUDIENCE];

export function rootJwk(kid: string, seed: number, members: Jwk = {}): Jwk {
  return { kty: 'oct', kid, key_ops: ['deriveKey'], k: secretOf(seed).toString('base64url'), ...members };
}

/** After a rotation: `old` decrypts on, `now` encrypts, `next` is about to. */
export const VERSIONS: readonly Jwk[] = [
  rootJwk('old', 1, { nbf: NOW - 1000, exp: NOW + 86_400 }),
  rootJwk('now', 2, { nbf: NOW - 10 }),
  rootJwk('next', 3, { nbf: NOW + 300 }),
];

/** The ring as it was when one root was the only one. */
export function ringOf(seed: number, enc: ContentEncryption = 'A256GCM'): Promise<KeyRing> {
  return createKeyRing({ current: { secret: secretOf(seed) }, enc });
}

/** An access token as the current key of a ring, or that of the recipient, encrypts it. */
export async function accessToken(ring: KeyRing, claims: object = {}, signing?: SigningKey): Promise<string> {
  const all = claimsOf({ ...claims });
  const key = internalsOf(ring).encryptionKey('access', String(all['aud']));
  return sealToken(all, key, { typ: 'at+jwt', ...(signing && { signing }) });
}

const SESSION = { clientId: 'demo', subject: 'alice', sessionId: 's1' };

/** Begins the session of `alice` as a token router does. @returns its refresh token. */
export async function beginSession(stores: Stores, ring: KeyRing, expiresAt = NOW + 600): Promise<string> {
  const state = {
    ...{ ...SESSION, subjectAsserted: true, sessionChosen: true, audience: AUDIENCE, scope: 'read' },
    ...{ createdAt: NOW - 50, lastUsedAt: NOW - 40, endsAt: NOW + 900, current: 'digest' },
  };
  const family = { id: 'family', state, expiresAt };
  await stores.families.insert(family);
  return (await refreshTokenCodec(internalsOf(ring), ISSUER).issue(family, NOW)).token;
}

/** Uses the store of a service in `directory` as the service does. */
export async function withStore<Result>(
  directory: string,
  run: (stores: Stores, revocations: Revocations) => Promise<Result>,
  now = NOW,
): Promise<Result> {
  const stores = await openLmdbStores({ path: join(directory, 'store'), clock: () => now });
  try {
    return await run(stores, createRevocations({ stores, clock: () => now }));
  } finally {
    await stores.close();
  }
}

/** Two API keys, one of them for `REPORTS`, and a store that began earlier. */
export async function setUpService(directory: string): Promise<void> {
  await mkdir(join(directory, 'api-keys'));
  const keyOf = (keyId: string, more: string): string =>
    `api_key: k-0123456789-${keyId}-abcdefghijk\nkey_id: ${keyId}\nname: N\ntype: api_call\nrate_limits: {}\n${more}`;
  await writeFile(join(directory, 'api-keys', 'demo.yaml'), keyOf('demo', 'users: true\n'));
  await writeFile(
    join(directory, 'api-keys', 'reports.yaml'),
    keyOf('reports', `audiences: ["${REPORTS}"]\n`),
  );
  await writeKeys(directory, VERSIONS);
  await withStore(directory, async () => {}, NOW - 60);
}

export function writeKeys(directory: string, keys: readonly Jwk[], name = 'keys.json'): Promise<void> {
  return writeFile(join(directory, name), JSON.stringify({ keys }), { mode: 0o600 });
}
