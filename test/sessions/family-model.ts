/** How a client uses a refresh token. */
export interface Use {
  /** Number of the token, counted from the first one that was ever issued. */
  readonly token: number;
  readonly clientId: string;
  /** Whether the client sends no secret. */
  readonly isPublic: boolean;
  /** What it says of the session: that of the family, another one, or nothing. */
  readonly session: 'own' | 'wrong' | 'none';
  readonly device: 'own' | 'wrong' | 'none';
  /** Key that the client proves, if any. */
  readonly key: string | undefined;
  readonly scope: string;
}

/** What a family begins with. */
export interface Start {
  readonly clientId: string;
  readonly subject: string;
  /** Default: the server makes one up. */
  readonly sessionId: string | undefined;
  readonly deviceId: string | undefined;
  /** Key that the first request proves, if any. */
  readonly key: string | undefined;
}

/** What is revoked by way of a token: all that its family has in common with others. */
export type Extent = 'session' | 'subject' | 'api_key';

export type Outcome =
  | { readonly kind: 'new' | 'refused' }
  | { readonly kind: 'same'; readonly token: number };

/** What refresh-token families are held against: every family is the line of its tokens, the live one last. */
export interface FamilyModel {
  begin(start: Start, now: number): void;
  use(use: Use, now: number): Outcome;
  /** Ends the session of a token. @returns whether the client may do so. */
  end(token: number, clientId: string, now: number): boolean;
  revoke(token: number, extent: Extent, now: number): void;
  /** The tokens that are live, each of another family. */
  live(now: number): readonly number[];
}

export interface Lifetimes {
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
  readonly graceSeconds: number;
}

interface Family extends Start {
  readonly number: number;
  readonly begunAt: number;
  readonly line: number[];
  usedAt: number;
  usedScope: string;
  wrongBindings: number;
  /** Key to which the family is bound, and the place in its line of the first token that is bound to it. */
  boundKey: string | undefined;
  boundFrom: number;
  isEnded: boolean;
}

const MAX_WRONG_BINDINGS = 5;

const REFUSED: Outcome = { kind: 'refused' };

export function familyModel({ idleSeconds, absoluteSeconds, graceSeconds }: Lifetimes): FamilyModel {
  const families: Family[] = [];
  const revocations: { readonly upToSecond: number; reaches(family: Family): boolean }[] = [];
  const expiries: number[] = [];

  const issue = (family: Family, now: number): void => {
    family.line.push(expiries.length);
    // Tokens say whole seconds.
    expiries.push(Math.floor(Math.min(now + idleSeconds, family.begunAt + absoluteSeconds)));
  };
  const isExpired = (token: number, now: number): boolean => (expiries[token] ?? 0) <= now;
  const isOver = (family: Family): boolean =>
    family.isEnded ||
    revocations.some(
      ({ upToSecond, reaches }) => Math.floor(family.begunAt) <= upToSecond && reaches(family),
    );
  const familyOf = (token: number): Family => {
    const family = families.find(({ line }) => line.includes(token));
    if (family === undefined) throw new Error(`There is no token ${token}`);
    return family;
  };

  return {
    begin(start, now) {
      const family = {
        ...{ ...start, number: families.length, begunAt: now, line: [] },
        ...{ usedAt: now, usedScope: '', wrongBindings: 0, isEnded: false },
        ...{ boundKey: start.key, boundFrom: start.key === undefined ? Number.POSITIVE_INFINITY : 0 },
      };
      families.push(family);
      issue(family, now);
    },

    use({ token, clientId, isPublic, session, device, key, scope }, now) {
      const family = familyOf(token);
      const maySkipSession = !isPublic || family.sessionId === undefined;
      const isNamed = session === 'own' || (session === 'none' && maySkipSession);
      const maySkipDevice = !isPublic || family.deviceId === undefined;
      const isOnDevice = device === 'own' || (device === 'none' && maySkipDevice);
      if (isExpired(token, now) || family.clientId !== clientId || isOver(family)) return REFUSED;
      if (isPublic && family.deviceId === undefined && family.boundKey === undefined) return REFUSED;
      const [live = -1, parent = -1] = family.line.toReversed();
      const lacksKey = isPublic && family.boundKey !== undefined && family.boundKey !== key;
      const isBound = family.line.indexOf(token) >= family.boundFrom;
      if (lacksKey && isBound) return REFUSED;
      if (!isNamed || !isOnDevice) {
        family.wrongBindings += 1;
        family.isEnded = family.wrongBindings >= MAX_WRONG_BINDINGS;
        return REFUSED;
      }
      if (token === live) {
        if (family.boundKey === undefined && key !== undefined) {
          family.boundKey = key;
          family.boundFrom = family.line.length;
        }
        family.usedAt = now;
        family.usedScope = scope;
        issue(family, now);
        return { kind: 'new' };
      }
      if (token === parent && !lacksKey && now <= family.usedAt + graceSeconds) {
        return scope === family.usedScope ? { kind: 'same', token: live } : REFUSED;
      }
      family.isEnded = true;
      return REFUSED;
    },

    end(token, clientId, now) {
      const family = familyOf(token);
      if (isExpired(token, now) || family.clientId !== clientId) return false;
      const { subject, sessionId, number } = family;
      revocations.push({
        upToSecond: Math.floor(now),
        reaches: (other) =>
          other.number === number ||
          (sessionId !== undefined &&
            other.clientId === clientId &&
            other.subject === subject &&
            other.sessionId === sessionId),
      });
      return true;
    },

    revoke(token, extent, now) {
      const { clientId, subject, sessionId, number } = familyOf(token);
      const isMeant = (family: Family): boolean => {
        if (extent === 'api_key') return true;
        if (extent === 'subject') return family.subject === subject;
        return sessionId === undefined ? family.number === number : family.sessionId === sessionId;
      };
      revocations.push({
        upToSecond: Math.floor(now),
        reaches: (family) => family.clientId === clientId && isMeant(family),
      });
    },

    live(now) {
      return families
        .filter((family) => !isOver(family))
        .flatMap(({ line }) => line.slice(-1))
        .filter((token) => !isExpired(token, now));
    },
  };
}
