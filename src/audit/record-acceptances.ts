import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/clock.js';
import { auditOrigin } from './audit-origin.js';
import type { AuditEvent } from './events.js';
import type { AuditTrail } from './record.js';

type AcceptanceEvent = Extract<AuditEvent, { readonly type: 'token.accepted' }>;

/** Identities in an accepted token, and whether the token proves its issuance. */
export type AcceptedToken = Omit<AcceptanceEvent, 'type' | 'count' | 'ip' | 'agent' | 'requestId'>;

/**
 * Counts an acceptance.
 *
 * @param presented token in compact serialization, of which only the digest is kept
 * @param identify returns the identities of the token; it is called once per token while the token is in use
 * @param readRequestId returns the ID of the request; it is called only for an acceptance that is recorded immediately
 */
export type AcceptanceCounter = (
  presented: string,
  identify: () => AcceptedToken,
  origin: Origin,
  readRequestId?: () => string | undefined,
) => void;

/** Client address and user agent of a request, if known. */
export type Origin = Pick<AcceptanceEvent, 'ip' | 'agent'>;

const WINDOW_SECONDS = 60;
const TOKENS_TRACKED = 10_000;

/** Maximum number of address and user agent pairs per token. Further pairs within a minute share one count. */
const ORIGINS_TRACKED = 16;

const ELSEWHERE: Origin = {};

/** Pending count of acceptances. */
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
 * Create a counter that aggregates acceptances by token, client address and user agent. The audit log then shows which
 * tokens are in use without an event for each request.
 *
 * The first acceptance is recorded immediately. Later ones are recorded as a count, at most once a minute. Pending
 * counts are recorded when a token is evicted or the trail is flushed.
 */
export function recordAcceptances(audit: AuditTrail, clock: Clock): AcceptanceCounter {
  if (!audit.enabled) return () => {};

  const record = (event: AcceptanceEvent): void => {
    // The response does not wait for the record. The trail reports its own failures.
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

  return (presented, identify, origin, readRequestId) => {
    const now = clock();
    // Tracked by digest, because a forged token may have the identifiers of a genuine token.
    const digest = hash('sha256', presented, 'base64url');
    const entry = inUse.get(digest) ?? track(digest, identify(), now);
    const use = findUse(entry.uses, origin);
    use.count += 1;
    // Setting the clock back also ends the window.
    if (Math.abs(now - entry.since) >= WINDOW_SECONDS) {
      recordUses(entry);
      entry.since = now;
    } else if (use.isNew) {
      record({ ...takeUse(entry.token, use), ...auditOrigin({ requestId: readRequestId?.() }) });
    }
  };
}

/**
 * Yield the pending counts of a token and remove pairs without a use since the last window. The next use of a removed
 * pair counts as its first.
 */
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
