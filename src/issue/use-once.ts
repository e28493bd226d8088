import { hash } from 'node:crypto';
import type { CounterStore } from '../stores/counter-store.js';
import type { SingleUse } from './check-assertion-claims.js';

/** A verified assertion that can be used once. */
export interface VerifiedAssertion extends SingleUse {
  /** Purpose of the assertion, so that uses for different purposes are recorded separately. */
  readonly purpose: 'client-assertion' | 'id-jag' | 'id-token';
  /** Party that chose `jti`: a `key_id` or an issuer. Must not contain NUL. */
  readonly owner: string;
}

/** Time in seconds for which a use is stored after the assertion has expired: clock skew, slow keys and slow stores. */
const MARGIN_SECONDS = 60;

/**
 * Record the use of a verified assertion. Never record an unverified assertion: another party could use up a `jti`, or
 * fill the store.
 *
 * @returns whether this is the first use
 * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable
 */
export async function useOnce(
  counters: CounterStore,
  { purpose, owner, jti, usableUntil }: VerifiedAssertion,
): Promise<boolean> {
  // Hashed, because the store limits the length of names.
  const name = `${purpose}:${hash('sha256', `${owner}\0${jti}`, 'base64url')}`;
  const total = await counters.add({ name, amount: 1, limit: 1, expiresAt: usableUntil + MARGIN_SECONDS });
  return total !== undefined;
}
