import { InvalidGrantError } from '../base/errors.js';
import type { FamilyState, StoredFamily } from '../stores/family-store.js';
import { entombFamily, type FamilyEndParts } from './end-family.js';

/** The session and the device that a client names when it uses a refresh token. */
export interface NamedBinding {
  readonly sessionId: string | undefined;
  readonly deviceId: string | undefined;
}

/** Wrong bindings in the life of a family; the last of them ends it. */
export const MAX_WRONG_BINDINGS = 5;

type WrongBinding = 'wrong_session' | 'wrong_device';

/** A client repeats the names that it chose. It may also name the session that the server generated for it. */
export function findWrongBinding(
  state: FamilyState,
  { sessionId, deviceId }: NamedBinding,
): WrongBinding | undefined {
  const isUnnamed = sessionId === undefined && !state.sessionChosen;
  if (!isUnnamed && sessionId !== state.sessionId) return 'wrong_session';
  return deviceId === state.deviceId ? undefined : 'wrong_device';
}

/** Whether a thief of the token has a name to guess. */
export function isBound({ deviceId, sessionChosen }: FamilyState): boolean {
  return deviceId !== undefined || sessionChosen;
}

export interface WrongUse {
  readonly wrong: WrongBinding;
  /** Address of the client, for the audit trail. */
  readonly ip: string | undefined;
}

/**
 * Counts a wrong binding, and ends the family at the last one. The count is stored before the answer, so that guesses
 * in parallel, on any number of instances, are bounded as well. Resolves if another step of the family came first.
 * @throws InvalidGrantError once the wrong binding is counted.
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
