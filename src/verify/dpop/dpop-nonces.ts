import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { NumericDate } from '../../base/clock.js';
import { createFifoCache, type FifoCache } from '../../base/fifo-cache.js';

/**
 * Creates and checks nonces without a store. A nonce consists of the number of a time slot and a MAC. All processes with the
 * same key and the same origin accept the same nonces.
 *
 * @see RFC 9449 §8
 */
export interface DpopNonces {
  /** Return the nonce of the current time slot. */
  current(now: NumericDate): string;
  /** Check a nonce. An accepted nonce that is not `current` expires soon: send the current one with the response. */
  check(nonce: string | undefined, now: NumericDate): 'current' | 'previous' | 'invalid';
}

/** Length of a time slot in seconds. A nonce is accepted in its slot and in both adjacent slots. */
const SLOT_SECONDS = 60;

/** Maximum number of cached nonces of each key: those of all accepted slots. */
const MAX_CACHED = 3;

const SLOT_BYTES = 6;
const MAC_BYTES = 16;

/** Length of a nonce in base64url, in characters. */
const NONCE_LENGTH = Math.ceil(((SLOT_BYTES + MAC_BYTES) * 4) / 3);

/**
 * Create the nonces of a server.
 *
 * @param keys returns the keys, the current key first. Nonces under all keys are accepted, so a rotation rejects no nonce
 * @param origin origin of the server. Servers with the same keys reject the nonces of other origins (RFC 9449 §9)
 */
export function createDpopNonces(keys: () => readonly KeyObject[], origin: string): DpopNonces {
  const caches = new WeakMap<KeyObject, FifoCache<number, Buffer>>();

  const computeNonce = (number: number, key: KeyObject): Buffer => {
    const slot = Buffer.alloc(SLOT_BYTES);
    slot.writeUIntBE(number, 0, SLOT_BYTES);
    const mac = createHmac('sha256', key).update(slot).update(origin).digest().subarray(0, MAC_BYTES);
    return Buffer.concat([slot, mac]);
  };

  const cacheOf = (key: KeyObject): FifoCache<number, Buffer> => {
    const cache = caches.get(key) ?? createFifoCache<number, Buffer>(MAX_CACHED);
    caches.set(key, cache);
    return cache;
  };

  /** Return the nonce of a slot, and compute it only once: most requests contain the same nonce. */
  const nonceOf = (slot: number, key: KeyObject): Buffer => {
    const cache = cacheOf(key);
    const nonce = cache.get(slot) ?? computeNonce(slot, key);
    if (!cache.has(slot)) cache.set(slot, nonce);
    return nonce;
  };

  return {
    current(now) {
      const [key] = keys();
      if (key === undefined)
        throw new TypeError('The key ring has lost its roots: report this bug in passport-jwe');
      return nonceOf(slotOf(now), key).toString('base64url');
    },
    check(nonce, now) {
      if (nonce?.length !== NONCE_LENGTH) return 'invalid';
      const bytes = Buffer.from(nonce, 'base64url');
      if (bytes.length !== SLOT_BYTES + MAC_BYTES) return 'invalid';
      const slot = bytes.readUIntBE(0, SLOT_BYTES);
      const age = slotOf(now) - slot;
      // The clock of another process can be one slot ahead.
      if (age > 1 || age < -1) return 'invalid';
      if (!keys().some((key) => timingSafeEqual(nonceOf(slot, key), bytes))) return 'invalid';
      return age > 0 ? 'previous' : 'current';
    },
  };
}

function slotOf(now: NumericDate): number {
  return Math.floor(now / SLOT_SECONDS);
}
