import { randomUUID } from 'node:crypto';
import { type AuditOrigin, auditOrigin } from '../audit/audit-origin.js';
import type { AuditTrail } from '../audit/record.js';
import type { Clock, NumericDate } from '../base/clock.js';
import { createTurns } from '../base/take-turns.js';
import { InvalidGrantError } from '../base/token-endpoint-errors.js';
import type { Revocations } from '../revocation/revocations-contract.js';
import { textOfName } from '../stores/family-index.js';
import type {
  ConsumedToken,
  FamilyRecord,
  FamilyState,
  FamilyStore,
  StoredFamily,
} from '../stores/family-store.js';
import { MAX_CLOCK_TOLERANCE_SECONDS } from '../token/claims/claims-policy.js';
import { digestToken } from '../token/token-cache.js';
import { describeRefreshToken } from './describe-refresh-token.js';
import { endFamily, entombFamily, identifyFamily, lostRaces, MAX_ATTEMPTS } from './end-family.js';
import { wasEndedMeanwhile } from './end-marks.js';
import { endSession } from './end-sessions.js';
import { createSuccessorEraser, withoutSuccessor } from './erase-successors.js';
import { findWrongBinding, isBound, rejectWrongBinding } from './family-binding.js';
import { bindKeys, isKeyBound, lacksKey } from './key-binding.js';
import type { RefreshFamilies, RefreshRequest } from './refresh-contract.js';
import type { RefreshSettings } from './refresh-settings.js';
import type { PresentedToken, RefreshTokenCodec } from './refresh-token-codec.js';

/** Request that uses a refresh token, and the callback that creates its access token. */
interface Use {
  readonly request: RefreshRequest;
  readonly prepare: (family: StoredFamily) => Promise<void>;
}

export interface RefreshFamiliesParts {
  readonly store: FamilyStore;
  readonly codec: RefreshTokenCodec;
  readonly revocations: Pick<Revocations, 'revoke' | 'isFamilyRevoked' | 'ageSeconds'> | undefined;
  readonly settings: Required<RefreshSettings>;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

export function createRefreshFamilies(parts: RefreshFamiliesParts): RefreshFamilies {
  const { store, codec, revocations, audit, clock } = parts;
  const { idleSeconds, absoluteSeconds, graceSeconds } = parts.settings;

  /** Whether the grace window is open. A clock that was set back extends it by the clock tolerance at most. */
  const isInGrace = (consumedAt: NumericDate): boolean => {
    const now = clock();
    return now <= consumedAt + graceSeconds && now >= consumedAt - MAX_CLOCK_TOLERANCE_SECONDS;
  };

  const eraser = createSuccessorEraser({ store, isInGrace });
  const takeTurn = createTurns();

  const isRevoked = ({ state }: StoredFamily, { kid }: PresentedToken): boolean =>
    revocations?.isFamilyRevoked({ ...state, kid }) ?? false;

  const find: RefreshFamilies['find'] = async (presented, request) => {
    const { clientId, isPublic } = request;
    if (presented.family.clientId !== clientId) throw new InvalidGrantError('wrong_client');
    const family = await store.find(presented.family);
    if (family === undefined) throw new InvalidGrantError('unknown_family');
    if (family.state.ended !== undefined) throw new InvalidGrantError('ended');
    if (isRevoked(family, presented)) throw new InvalidGrantError('revoked');
    const isAnchored = family.state.deviceId !== undefined || isKeyBound(family.state);
    if (isPublic && !isAnchored) throw new InvalidGrantError('no_device');
    // Not counted: a key cannot be guessed, so a thief without the key must not end the session.
    const isCurrent = presented.digest === family.state.current;
    if ((isCurrent || presented.isKeyBound) && lacksKey(family.state, request)) {
      throw new InvalidGrantError('wrong_key');
    }
    return family;
  };

  /** Remove a sealed successor after the grace window, so that no write stores it again. */
  const dropStaleSuccessor = (family: StoredFamily): StoredFamily => {
    const { parent } = family.state;
    if (parent === undefined || isInGrace(parent.consumedAt)) return family;
    return { ...family, state: withoutSuccessor(family.state) };
  };

  /** Issue a token and record `token.intended`. If recording fails, the family does not change. */
  const makeToken = async (family: FamilyRecord, now: NumericDate, origin: AuditOrigin) => {
    const made = await codec.issue(family, now);
    const issuance = describeRefreshToken(family.state, made, { audience: codec.audience, origin });
    await audit.record({ type: 'token.intended', ...issuance });
    return { made, issuance };
  };

  const consume = async (family: StoredFamily, presented: PresentedToken, request: RefreshRequest) => {
    const { requestedScope, sender } = request;
    const origin = auditOrigin(request);
    const now = clock();
    const expiresAt = Math.min(family.state.endsAt, now + idleSeconds);
    // A refresh finds the person of the family present.
    const { absentSince: _, ...present } = family.state;
    const bound = { ...present, ...bindKeys(present, sender) };
    const { made: successor, issuance } = await makeToken(
      { ...family, state: bound, expiresAt },
      now,
      origin,
    );
    const sealed = codec.seal(successor, presented.token);
    const state: FamilyState = {
      ...bound,
      lastUsedAt: now,
      current: digestToken(successor.token),
      parent: { digest: presented.digest, ...sealed, requestedScope, consumedAt: now },
    };
    // Scheduled before the write, because the response to the write may be lost.
    eraser.schedule(family, now);
    if (!(await store.replace({ ...family, state, expiresAt }))) return undefined;
    await audit.record({ type: 'session.refreshed', ...identifyFamily(family, origin) });
    await audit.record({ type: 'token.issued', ...issuance });
    return successor.token;
  };

  /**
   * Return the successor of a consumed token again, after a lost response or concurrent requests. The audit event is
   * recorded first.
   */
  const repeat = async (
    { state }: StoredFamily,
    parent: ConsumedToken,
    { token, origin }: { readonly token: string; readonly origin: AuditOrigin },
  ): Promise<string> => {
    const successor = await codec.unseal(parent, token);
    if (successor === undefined) throw new InvalidGrantError('not_repeatable');
    const opened = await codec.open(successor, parent.consumedAt);
    const issuance = describeRefreshToken(state, opened, { audience: codec.audience, origin });
    await audit.record({ type: 'token.issued', repeated: true, ...issuance });
    return successor;
  };

  /**
   * Increment the revision of a bound family before its session and device IDs are compared. Otherwise, parallel
   * guesses would not be counted, nor would guesses while the store rejects writes. Response times would reveal the
   * result of these guesses.
   */
  const takeStep = async (family: StoredFamily): Promise<StoredFamily | undefined> => {
    if (!isBound(family.state)) return family;
    return (await store.replace(family)) ? { ...family, revision: family.revision + 1 } : undefined;
  };

  /**
   * Use a token once.
   *
   * @returns the successor, or `undefined` if a concurrent update of the family won
   */
  const useOnce = async (read: StoredFamily, presented: PresentedToken, { request, prepare }: Use) => {
    const { requestedScope } = request;
    const origin = auditOrigin(request);
    const family = await takeStep(read);
    if (family === undefined) return undefined;
    const { current, parent } = family.state;
    const wrong = findWrongBinding(family.state, request);
    if (wrong !== undefined) return rejectWrongBinding(parts, family, { wrong, origin });
    if (presented.digest === current) {
      await prepare(family);
      return consume(family, presented, request);
    }
    // The use of an unbound token bound the family: without the key, this request is not its repetition.
    const isRepeatable = !lacksKey(family.state, request);
    if (isRepeatable && parent?.digest === presented.digest && isInGrace(parent.consumedAt)) {
      if (parent.requestedScope !== requestedScope) throw new InvalidGrantError('wrong_scope');
      await prepare(family);
      return repeat(family, parent, { token: presented.token, origin });
    }
    if (await entombFamily(parts, family, { reason: 'reused', origin }))
      throw new InvalidGrantError('reused');
    return undefined;
  };

  return {
    async begin({ sessionId: chosen, sender, ...start }, origin = {}, prepare) {
      const [sessionId, sessionChosen] = [chosen ?? randomUUID(), chosen !== undefined];
      await prepare?.(sessionId);
      const now = clock();
      const id = randomUUID();
      const endsAt = now + absoluteSeconds;
      const expiresAt = Math.min(endsAt, now + idleSeconds);
      const state = {
        ...start,
        ...bindKeys({}, sender),
        sessionId,
        sessionChosen,
        createdAt: now,
        lastUsedAt: now,
        endsAt,
        current: '',
      };
      const { made, issuance } = await makeToken({ id, state, expiresAt }, now, origin);
      const family = { id, state: { ...state, current: digestToken(made.token) }, expiresAt };
      await store.insert(family);
      await audit.record({ type: 'session.started', ...identifyFamily(family, origin) });
      await audit.record({ type: 'token.issued', ...issuance });
      if (await wasEndedMeanwhile(store, family.state)) {
        await endFamily(parts, { clientId: state.clientId, id }, origin);
      }
      return { refreshToken: made.token, sessionId: state.sessionId };
    },

    find,

    rotate(presented, request, prepare = async () => {}) {
      let prepared: Promise<void> | undefined;
      const use = {
        request,
        prepare: (family: StoredFamily) => {
          prepared ??= prepare(family);
          return prepared;
        },
      };
      return takeTurn(textOfName(presented.family), async () => {
        for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
          const family = dropStaleSuccessor(await find(presented, request));
          const successor = await useOnce(family, presented, use);
          if (successor !== undefined) return successor;
        }
        throw lostRaces();
      });
    },

    knownUpTo: () => clock() - (revocations?.ageSeconds ?? 0),

    async inspect(presented) {
      const family = await store.find(presented.family);
      const isLive = family?.state.current === presented.digest && family.state.ended === undefined;
      return isLive && !isRevoked(family, presented) ? family : undefined;
    },

    async end({ family, subject, sessionId }, { clientId, ...origin }) {
      if (family.clientId !== clientId) throw new InvalidGrantError('wrong_client');
      await endSession(parts, { clientId, subject, sessionId }, { requestedBy: clientId, origin });
    },
  };
}
