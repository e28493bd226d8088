import { callIsolated } from './call-isolated.js';

/** The listeners of one object. A listener that fails affects neither the caller nor the other listeners. */
export interface Listeners<Event> {
  /**
   * Registers a listener. Each call is a registration of its own, even of the same function.
   * @returns a function that removes this registration, and returns whether it was still there.
   * @throws TypeError if the listener is not a function.
   */
  add(listener: Listener<Event>): () => boolean;
  /**
   * Calls every listener that is registered now. A listener that is added meanwhile waits for the next event; one that is
   * removed meanwhile is not called. Never throws.
   */
  emit(event: Event): void;
}

/** May return a promise; its rejection is reported like an error that is thrown. */
export type Listener<Event> = (event: Event) => unknown;

/**
 * Creates an empty set of listeners.
 *
 * @param report receives what a listener threw, or what its promise rejected with.
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
