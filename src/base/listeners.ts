import { callIsolated } from './call-isolated.js';

/** The listeners of one object. A listener that fails affects neither the caller nor the other listeners. */
export interface Listeners<Event> {
  /**
   * Registers a listener. Each call creates a separate registration, even for the same function.
   * @returns a function that removes this registration, and returns whether it was still registered.
   * @throws TypeError if the listener is not a function.
   */
  add(listener: Listener<Event>): () => boolean;
  /**
   * Calls every registered listener. A listener added during the call waits for the next event. A listener removed during
   * the call is not called. Never throws.
   */
  emit(event: Event): void;
}

/** May return a promise. Its rejection is reported like a thrown error. */
export type Listener<Event> = (event: Event) => unknown;

/**
 * Creates an empty set of listeners.
 *
 * @param report receives the error that a listener threw, or the reason with which its promise rejected.
 * @example
 * const listeners = createListeners(warnOfFailure('A listener of the key ring failed', 'PASSPORT_JWE_KEY_RING'));
 * const remove = listeners.add(() => console.log('changed'));
 * listeners.emit();
 */
export function createListeners<Event = void>(report: (fault: unknown) => void): Listeners<Event> {
  const registrations = new Set<{ readonly listener: Listener<Event> }>();

  return {
    add(listener) {
      if (typeof listener !== 'function') throw new TypeError('listener must be a function');
      const registration = { listener };
      registrations.add(registration);
      return () => registrations.delete(registration);
    },

    emit(event) {
      for (const registration of [...registrations]) {
        if (registrations.has(registration)) callIsolated(() => registration.listener(event), report);
      }
    },
  };
}
