import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.js';
import type { AuditEvent } from './events.js';
import type { AuditTrail } from './record.js';

type AcceptanceEvent = Extract<AuditEvent, { readonly type: 'token.accepted' }>;

/** Whom an accepted token speaks for, and whether it proves its issuance. */
export type AcceptedToken = Omit<AcceptanceEvent, 'type' | 'count' | 'ip' | 'agent'>;

/**
 * Counts an acceptance.
 * @param presented the compact serialization: only its digest is kept.
 * @param identify asked once for each token while that is in use.
 */
export type AcceptanceCounter = (presented: string, identify: () => AcceptedToken, origin: Origin) => void;

/** Where a request came from, as far as that is known. */
export type Origin = Pick<AcceptanceEvent, 'ip' | 'agent'>;

const WINDOW_SECONDS = 60;
const TOKENS_TRACKED = 10_000;

/** Whoever varies what he sends must not fill the trail: further ones within a minute are counted together. */
const ORIGINS_TRACKED = 16;

const ELSEWHERE: Origin = {};

/** What is not on record yet. */
interface Use {
  readonly origin: Origin;
  count: number;
  isNew: boolean;
}

interface TokenInUse {
  readonly token: AcceptedToken;
  readonly uses: Map<string, Use>;
  since: number;
}

/**
 * Aggregates acceptances per token and origin, so that the trail shows which tokens are in use, and from where, without
 * an event a request: the first acceptance from an address or a user agent is recorded at once, later ones as a count
 * at most once a minute. What is still uncounted when a token makes room for another, or when the trail is flushed, is
 * recorded then.
 */
export function recordAcceptances(audit: AuditTrail, clock: Clock): AcceptanceCounter {
  if (!audit.enabled) return () => {};

  const record = (event: AcceptanceEvent): void => {
    // The answer is decided and does not wait; a trail that fails has said so itself.
    audit.record(event).catch(() => {});
  };
  const recordUses = (entry: TokenInUse): void => {
    for (const event of takeUses(entry)) record(event);
  };
  const inUse = new LRUCache<string, TokenInUse>({
    max: TOKENS_TRACKED,
    dispose: (entry, _digest, reason) => {
      if (reason === 'evict') recordUses(entry);
    },
  });
  audit.onFlush?.(function* () {
    for (const entry of inUse.values()) yield* takeUses(entry);
  });
  const track = (digest: string, token: AcceptedToken, since: number): TokenInUse => {
    const entry = { token, uses: new Map(), since };
    inUse.set(digest, entry);
    return entry;
  };

  return (presented, identify, origin) => {
    const now = clock();
    // Two tokens may claim one identity, of which one is forged.
    const digest = hash('sha256', presented, 'base64url');
    const entry = inUse.get(digest) ?? track(digest, identify(), now);
    const use = findUse(entry.uses, origin);
    use.count += 1;
    // A clock that was set back ends the minute too.
    if (Math.abs(now - entry.since) >= WINDOW_SECONDS) {
      recordUses(entry);
      entry.since = now;
    } else if (use.isNew) {
      record(takeUse(entry.token, use));
    }
  };
}

/** What was not used since the last time is forgotten, and new when it comes back. */
function* takeUses({ token, uses }: TokenInUse): Iterable<AcceptanceEvent> {
  for (const [name, use] of uses) {
    if (use.count > 0) yield takeUse(token, use);
    else uses.delete(name);
  }
}

function takeUse(token: AcceptedToken, use: Use): AcceptanceEvent {
  const { count } = use;
  use.count = 0;
  use.isNew = false;
  return { type: 'token.accepted', ...token, ...use.origin, count };
}

function findUse(uses: Map<string, Use>, origin: Origin): Use {
  const name = `${origin.ip ?? ''} ${origin.agent ?? ''}`;
  const known = uses.get(name);
  if (known !== undefined) return known;
  if (uses.size >= ORIGINS_TRACKED && origin !== ELSEWHERE) return findUse(uses, ELSEWHERE);
  const use = { origin, count: 0, isNew: true };
  uses.set(name, use);
  return use;
}
