import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { NumericDate } from '../../base/clock.js';

/**
 * Creates and checks nonces without a store: a nonce is the number of a time slot and its MAC. All processes with the same
 * key accept the same nonces.
 *
 * @see RFC 9449 §8
 */
export interface DpopNonces {
  /** Return the nonce of the current time slot. */
  current(now: NumericDate): string;
  /** Check a nonce. An accepted nonce that is not `current` expires soon: send the current one with the response. */
  check(nonce: string | undefined, now: NumericDate): 'current' | 'previous' | 'invalid';
}

/** Length of a time slot in seconds. A nonce is accepted in its slot, in the next one, and in the one before it. */
const SLOT_SECONDS = 60;

const SLOT_BYTES = 6;
const MAC_BYTES = 16;

/** Length of a nonce in base64url, in characters. */
const NONCE_LENGTH = Math.ceil(((SLOT_BYTES + MAC_BYTES) * 4) / 3);

/**
 * Create the nonces of a server.
 *
 * @param keys returns the keys, the current one first. Nonces under each key are accepted, so that a rotation rejects none
 * @param server URL of the server. Servers with the same keys do not accept the nonces of each other (RFC 9449 §9)
 */
export function createDpopNonces(keys: () => readonly KeyObject[], server: string): DpopNonces {
  const computeMac = (slot: Buffer, key: KeyObject): Buffer =>
    createHmac('sha256', key).update(slot).update(server).digest().subarray(0, MAC_BYTES);
  const isAuthentic = (bytes: Buffer): boolean => {
    const slot = bytes.subarray(0, SLOT_BYTES);
    return keys().some((key) => timingSafeEqual(computeMac(slot, key), bytes.subarray(SLOT_BYTES)));
  };

  return {
    current(now) {
      const [key] = keys();
      if (key === undefined)
        throw new TypeError('The key ring has lost its roots: report this bug in passport-jwe');
      const slot = Buffer.alloc(SLOT_BYTES);
      slot.writeUIntBE(slotOf(now), 0, SLOT_BYTES);
      return Buffer.concat([slot, computeMac(slot, key)]).toString('base64url');
    },
    check(nonce, now) {
      if (nonce?.length !== NONCE_LENGTH) return 'invalid';
      const bytes = Buffer.from(nonce, 'base64url');
      if (bytes.length !== SLOT_BYTES + MAC_BYTES) return 'invalid';
      const age = slotOf(now) - bytes.readUIntBE(0, SLOT_BYTES);
      // The clock of another process can be one slot ahead.
      if (age > 1 || age < -1 || !isAuthentic(bytes)) return 'invalid';
      return age > 0 ? 'previous' : 'current';
    },
  };
}

function slotOf(now: NumericDate): number {
  return Math.floor(now / SLOT_SECONDS);
}
