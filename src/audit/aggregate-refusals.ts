import { addressBlock } from '../base/address-block.js';
import type { Clock } from '../base/clock.js';
import type { AuditEvent } from './events.js';

type Refusal = Extract<AuditEvent, { readonly type: 'token.refused' | 'issuance.refused' }>;

/** Aggregates rejections that any client can cause, so that an attacker cannot flood the audit log. */
export interface RefusalAggregation {
  /** Count a rejection. */
  add(refusal: Refusal): void;
  /** Record all pending counts. */
  flush(): void;
}

/** Pending count of rejections of one kind. */
interface Tally {
  /** First rejection of this kind. */
  readonly refusal: Refusal;
  count: number;
}

const WINDOW_SECONDS = 60;

/** Maximum number of tracked kinds. Above this limit, rejections are counted without token and address. */
const KINDS_TRACKED = 1000;

/** Whether any client can cause an event without a valid token and without the secret of an API key. */
export function isUnboundedRefusal(event: AuditEvent): event is Refusal {
  if (event.type === 'token.refused') return event.jti === undefined || event.code === 'ERR_INVALID_TOKEN';
  if (event.type !== 'issuance.refused') return false;
  return event.clientId === undefined || event.clientAsserted === true;
}

/**
 * Create an aggregation of rejections by code, reason, token and address block. The first rejection of each kind is
 * recorded immediately. Later ones are recorded as a count, at most once a minute.
 */
export function aggregateRefusals(record: (refusal: Refusal) => void, clock: Clock): RefusalAggregation {
  const tallies = new Map<string, Tally>();
  let since = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  /** Record all counts. Kinds without a rejection in the last window are removed to free memory. */
  const closeWindow = (): void => {
    clearTimeout(timer);
    timer = undefined;
    since = clock();
    for (const [name, tally] of tallies) {
      if (tally.count === 0) tallies.delete(name);
      else recordTally(tally);
    }
  };

  const recordTally = (tally: Tally): void => {
    const { refusal, count } = tally;
    tally.count = 0;
    record({ ...refusal, count });
  };

  const begin = (name: string, refusal: Refusal): void => {
    // Later counts combine several requests.
    const { requestId: _, ...named } = refusal;
    tallies.set(name, { refusal: named, count: 0 });
    record({ ...refusal, count: 1 });
  };

  const count = (refusal: Refusal): void => {
    const name = nameOf(refusal);
    const tally = tallies.get(name);
    if (tally !== undefined) {
      tally.count += 1;
      timer ??= setTimeout(closeWindow, WINDOW_SECONDS * 1000).unref();
    } else if (tallies.size < KINDS_TRACKED || isNameless(refusal)) {
      begin(name, refusal);
    } else {
      count(withoutNames(refusal));
    }
  };

  return {
    add(refusal) {
      if (clock() - since >= WINDOW_SECONDS) closeWindow();
      count(refusal);
    },
    flush: closeWindow,
  };
}

function nameOf({ ip, ...refusal }: Refusal): string {
  const { type, code, reason, clientId } = refusal;
  const jti = 'jti' in refusal ? refusal.jti : undefined;
  const issuer = 'issuer' in refusal ? refusal.issuer : undefined;
  const proven = 'proven' in refusal ? refusal.proven : undefined;
  const workload =
    'workloadSubject' in refusal ? [refusal.workloadIssuer, refusal.workloadSubject] : undefined;
  const block = ip === undefined ? undefined : addressBlock(ip);
  return JSON.stringify([type, code, reason, issuer, clientId, jti, proven, workload, block]);
}

/** Remove the fields with unbounded values, such as token IDs and addresses. Reasons and configured clients remain. */
function withoutNames(refusal: Refusal): Refusal {
  if (refusal.type === 'issuance.refused') {
    const { ip: _, workloadIssuer: _issuer, workloadSubject: _subject, ...rest } = refusal;
    return rest;
  }
  const { ip: _ip, issuer: _issuer, jti: _jti, kid: _kid, ...named } = refusal;
  const { clientId: _clientId, subject: _subject, ...rest } = named;
  return rest;
}

function isNameless(refusal: Refusal): boolean {
  return refusal.ip === undefined && !('jti' in refusal) && !('workloadSubject' in refusal);
}
