import { randomBytes } from 'node:crypto';
import {
  createKeyRing,
  createMemoryStores,
  createRevocations,
  createUserSessions,
  InvalidGrantError,
} from 'passport-jwe';
import { findById } from './users.js';

/** Custom claims of the access tokens. */
export interface AppClaims {
  readonly tenant: string;
}

const issuer = 'https://auth.example.com';
const audience = 'https://api.example.com';
const keyRing = await createKeyRing({ current: { secret: randomBytes(32) } }); // in production { env: 'JWE_KEY' }
const stores = createMemoryStores(); // in production openLmdbStores() or openRedisStores()
const revocations = createRevocations({ stores });

/** Options of `authenticate()`. */
export const service = { keyRing, issuer, audience, revocations };

export const userSessions = createUserSessions<AppClaims>({
  ...service,
  stores,
  lifetime: '10m',
  // Read at each refresh: a user who is deleted or locked loses the session within ten minutes.
  claims: ({ subject }) => {
    const user = findById(subject);
    return user === undefined || user.isLocked ? undefined : { tenant: user.tenant };
  },
});

/** Log out on one device. An invalid refresh token has nothing to end. */
export async function endSession(refreshToken: string): Promise<void> {
  try {
    await userSessions.end(refreshToken);
  } catch (error) {
    if (!(error instanceof InvalidGrantError)) throw error;
  }
}
