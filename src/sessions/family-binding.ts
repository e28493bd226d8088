import { InvalidGrantError } from '../base/errors.js';
import type { FamilyState, StoredFamily } from '../stores/family-store.js';
import { entombFamily, type FamilyEndParts } from './end-family.js';

/** The session and device IDs that a client sends with a refresh token. */
export interface NamedBinding {
  readonly sessionId: string | undefined;
  readonly deviceId: string | undefined;
}

/** Number of wrong bindings that ends a family. */
export const MAX_WRONG_BINDINGS = 5;

type WrongBinding = 'wrong_session' | 'wrong_device';

/** A client must repeat the IDs that it chose. It may omit a session ID that the server generated. */
export function findWrongBinding(
  state: FamilyState,
  { sessionId, deviceId }: NamedBinding,
): WrongBinding | undefined {
  const isUnnamed = sessionId === undefined && !state.sessionChosen;
  if (!isUnnamed && sessionId !== state.sessionId) return 'wrong_session';
  return deviceId === state.deviceId ? undefined : 'wrong_device';
}

/** Whether an attacker with the token must also guess a session or device ID. */
export function isBound({ deviceId, sessionChosen }: FamilyState): boolean {
  return deviceId !== undefined || sessionChosen;
}

export interface WrongUse {
  readonly wrong: WrongBinding;
  /** Client address, for the audit log. */
  readonly ip: string | undefined;
}

/**
 * Counts a wrong binding and ends the family at the maximum. The count is stored before the response, so that parallel
 * guesses on any number of instances are bounded too. Resolves if another step of the family came first.
 *
 * @throws InvalidGrantError (as rejection) after the wrong binding is counted
 */
export async function rejectWrongBinding(
  parts: FamilyEndParts,
  family: StoredFamily,
  { wrong, ip }: WrongUse,
): Promise<void> {
  const wrongBindings = (family.state.wrongBindings ?? 0) + 1;
  const counted = { ...family, state: { ...family.state, wrongBindings } };
  if (wrongBindings < MAX_WRONG_BINDINGS) {
    if (await parts.store.replace(counted)) throw new InvalidGrantError(wrong);
  } else if (await entombFamily(parts, counted, { reason: 'guessed', ip })) {
    throw new InvalidGrantError('guessed');
  }
}
