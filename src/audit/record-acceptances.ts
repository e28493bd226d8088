import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.js';
import type { AuditTrail } from './record.js';
import type { TokenIdentity } from './rejections.js';

/** Whom an accepted token speaks for. */
export type AcceptedToken = TokenIdentity;

const WINDOW_SECONDS = 60;
const TOKENS_TRACKED = 10_000;

/**
 * Aggregates acceptances per token, so that the trail shows which tokens are in use without an event a
 * request: the first acceptance is recorded at once, later ones as a count at most once a minute, and what
 * is still uncounted when a token makes room for another is recorded then.
 */
export function recordAcceptances(audit: AuditTrail, clock: Clock): (token: AcceptedToken) => void {
  if (!audit.enabled) return () => {};

  const record = (token: AcceptedToken, count: number): void => {
    // The answer is decided and does not wait; a trail that fails has said so itself.
    audit.record({ type: 'token.accepted', ...token, count }).catch(() => {});
  };
  const inUse = new LRUCache<string, { token: AcceptedToken; count: number; since: number }>({
    max: TOKENS_TRACKED,
    dispose: ({ token, count }, _jti, reason) => {
      if (reason === 'evict' && count > 0) record(token, count);
    },
  });

  return (token) => {
    const now = clock();
    const entry = inUse.get(token.jti);
    if (entry === undefined) {
      inUse.set(token.jti, { token, count: 0, since: now });
      record(token, 1);
      return;
    }
    entry.count += 1;
    if (now - entry.since < WINDOW_SECONDS) return;
    record(token, entry.count);
    entry.count = 0;
    entry.since = now;
  };
}
