import { isIPv4 } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { AuditRecord } from '../audit/events.js';
import { addressBlock } from '../base/address-block.js';
import type { NumericDate } from '../base/clock.js';
import { type Detector, type DetectorParts, nameOfToken, passed, proofOf } from './detector.js';
import { type CountThreshold, MAX_ORIGINS } from './suspicion-thresholds.js';
import type { SuspiciousUse } from './suspicious-use.js';

type Acceptance = Extract<AuditRecord, { readonly type: 'token.accepted' }>;

/** Client address and user agent of requests with a token. */
interface SeenOrigin {
  readonly address: string;
  /** Empty if the request had no user agent. */
  readonly agent: string;
  readonly firstSeenAt: NumericDate;
  readonly seenAt: NumericDate;
}

type SeenOrigins = Map<string, SeenOrigin>;

export interface SharedTokenThresholds {
  readonly addresses: CountThreshold | undefined;
  readonly agents: CountThreshold | undefined;
}

/**
 * Minimum age of a party in seconds. Before that, a device with two networks and two programs may look like two
 * parties.
 */
const SETTLING_SECONDS = 60;

/** Detect tokens that are sent from many addresses, or by many user agents that share no address. */
export function detectSharedTokens({
  threshold: { addresses, agents },
  maxTracked,
  raise,
}: DetectorParts<SharedTokenThresholds>): Detector {
  const tokens = new LRUCache<string, SeenOrigins>({ max: maxTracked });
  const longest = Math.max(addresses?.windowSeconds ?? 0, agents?.windowSeconds ?? 0);

  const see = (record: Acceptance, now: NumericDate): readonly SeenOrigin[] => {
    const { ip = '', agent = '' } = record;
    const name = nameOfToken(record);
    const seen: SeenOrigins = tokens.get(name) ?? new Map();
    remember(seen, { address: addressBlock(ip), agent, firstSeenAt: now, seenAt: now });
    forget(seen, now - longest);
    tokens.set(name, seen);
    return [...seen.values()];
  };

  return {
    detect(record, now) {
      if (record.type !== 'token.accepted' || record.ip === undefined) return;
      const sight = { record, origins: see(record, now), now };
      const alerts = [judgeAddresses(sight, addresses), judgeAgents(sight, agents)];
      for (const alert of alerts) if (alert !== undefined) raise(nameOfToken(record), alert);
    },
    get tracked() {
      return tokens.size;
    },
  };
}

interface Sight {
  readonly record: Acceptance;
  readonly origins: readonly SeenOrigin[];
  readonly now: NumericDate;
}

function judgeAddresses(
  { record, origins, now }: Sight,
  threshold: CountThreshold | undefined,
): SuspiciousUse | undefined {
  if (threshold === undefined) return undefined;
  const within = seenWithin(origins, now - threshold.windowSeconds);
  const observed = countAddresses(within);
  if (observed < threshold.count) return undefined;
  return {
    kind: 'token_from_many_addresses',
    ...describe(record, within),
    ...passed(record, observed, threshold),
  };
}

function judgeAgents(
  { record, origins, now }: Sight,
  threshold: CountThreshold | undefined,
): SuspiciousUse | undefined {
  if (threshold === undefined) return undefined;
  const within = seenWithin(origins, now - threshold.windowSeconds);
  const observed = countParties(within, now - SETTLING_SECONDS);
  if (observed < threshold.count) return undefined;
  return {
    kind: 'token_from_many_user_agents',
    ...describe(record, within),
    ...passed(record, observed, threshold),
  };
}

function seenWithin(origins: readonly SeenOrigin[], after: NumericDate): readonly SeenOrigin[] {
  return origins.filter(({ seenAt }) => seenAt > after);
}

/** Add an entry. If the map is full, it evicts the least recently seen entry. The map is ordered by time. */
function remember(seen: SeenOrigins, origin: SeenOrigin): void {
  const name = `${origin.address} ${origin.agent}`;
  const { firstSeenAt } = seen.get(name) ?? origin;
  seen.delete(name);
  seen.set(name, { ...origin, firstSeenAt });
  const [oldest] = seen.keys();
  if (seen.size > MAX_ORIGINS && oldest !== undefined) seen.delete(oldest);
}

function forget(seen: SeenOrigins, upTo: NumericDate): void {
  for (const [name, { seenAt }] of seen) if (seenAt <= upTo) seen.delete(name);
}

/** Return the larger of the IPv4 and IPv6 address counts, because a device may use both families. */
function countAddresses(origins: readonly SeenOrigin[]): number {
  const addresses = [...new Set(origins.map(({ address }) => address))];
  const fourth = addresses.filter(isIPv4).length;
  return Math.max(fourth, addresses.length - fourth);
}

/**
 * Count parties: groups of entries that share an address or a user agent. Several user agents at one address belong to
 * one device or household. One user agent at several addresses is a moving device.
 */
function countParties(origins: readonly SeenOrigin[], upTo: NumericDate): number {
  let parties: readonly (readonly SeenOrigin[])[] = [];
  for (const origin of origins) {
    const isJoined = (party: readonly SeenOrigin[]): boolean =>
      party.some(({ address, agent }) => address === origin.address || agent === origin.agent);
    const joined = parties.filter(isJoined);
    parties = [...parties.filter((party) => !joined.includes(party)), [...joined.flat(), origin]];
  }
  return parties.filter((party) => party.some(({ firstSeenAt }) => firstSeenAt <= upTo)).length;
}

function describe(record: Acceptance, origins: readonly SeenOrigin[]) {
  const { issuer, jti, clientId, subject, sessionId } = record;
  return {
    ...proofOf(record),
    ...(issuer === undefined ? {} : { issuer }),
    jti,
    ...(clientId === undefined ? {} : { clientId }),
    ...(subject === undefined ? {} : { subject }),
    ...(sessionId === undefined ? {} : { sessionId }),
    addresses: [...new Set(origins.map(({ address }) => address))],
    agents: [...new Set(origins.map(({ agent }) => agent))].filter((agent) => agent !== ''),
  };
}
