import type { AuditOrigin } from '../audit/audit-origin.js';
import { InvalidGrantError } from '../base/token-endpoint-errors.js';
import type { FamilyState, StoredFamily } from '../stores/family-store.js';
import { entombFamily, type FamilyEndParts } from './end-family.js';
import type { KeyHolder } from './key-binding.js';

/** Session and device IDs that a client sends with a refresh token. */
export interface NamedBinding extends Pick<KeyHolder, 'isPublic'> {
  readonly sessionId: string | undefined;
  readonly deviceId: string | undefined;
}

/** Number of wrong session or device IDs after which a family ends. */
export const MAX_WRONG_BINDINGS = 5;

type WrongBinding = 'wrong_session' | 'wrong_device';

/**
 * Compare the session and device IDs of a request with the IDs of the family. IDs that the client sends must match. A
 * public client must repeat the IDs that it chose. An authenticated client may omit them, because its secret protects
 * the refresh token (RFC 6749 §10.4).
 *
 * @returns `undefined` if the IDs match
 */
export function findWrongBinding(
  state: FamilyState,
  { isPublic, sessionId, deviceId }: NamedBinding,
): WrongBinding | undefined {
  const maySkipSession = sessionId === undefined && !(isPublic && state.sessionChosen);
  if (!maySkipSession && sessionId !== state.sessionId) return 'wrong_session';
  const maySkipDevice = deviceId === undefined && !isPublic;
  return maySkipDevice || deviceId === state.deviceId ? undefined : 'wrong_device';
}

/** Whether an attacker who has the token must also guess a session or device ID. */
export function isBound({ deviceId, sessionChosen }: FamilyState): boolean {
  return deviceId !== undefined || sessionChosen;
}

/** Kind of the wrong ID, and the request that contains it. */
export interface WrongUse {
  readonly wrong: WrongBinding;
  readonly origin: AuditOrigin;
}

/**
 * Count a wrong session or device ID, and end the family at the maximum. The count is stored before the response,
 * which also limits parallel guesses across instances. Resolve without an error if a concurrent update of the family
 * won.
 *
 * @throws InvalidGrantError (as rejection) once the wrong ID is counted
 */
export async function rejectWrongBinding(
  parts: FamilyEndParts,
  family: StoredFamily,
  { wrong, origin }: WrongUse,
): Promise<void> {
  const wrongBindings = (family.state.wrongBindings ?? 0) + 1;
  const counted = { ...family, state: { ...family.state, wrongBindings } };
  if (wrongBindings < MAX_WRONG_BINDINGS) {
    if (await parts.store.replace(counted)) throw new InvalidGrantError(wrong);
  } else if (await entombFamily(parts, counted, { reason: 'guessed', origin })) {
    throw new InvalidGrantError('guessed');
  }
}
