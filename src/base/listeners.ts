import { callIsolated } from './call-isolated.js';

/** Set of event listeners. A failing listener affects neither the emitter nor the other listeners. */
export interface Listeners<Event> {
  /**
   * Register a listener. Each call creates a separate registration, even for the same function.
   *
   * @returns a function that removes this registration. It returns `false` if the registration was already removed.
   * @throws TypeError if the listener is not a function.
   */
  add(listener: Listener<Event>): () => boolean;
  /**
   * Call every registered listener. Never throws.
   *
   * A listener that is added during the call receives only later events. A listener that is removed during the call is
   * skipped.
   */
  emit(event: Event): void;
}

/** Event listener. May return a promise, whose rejection is reported like a thrown error. */
export type Listener<Event> = (event: Event) => unknown;

/**
 * Create an empty set of listeners.
 *
 * @param report called with the thrown error or the rejection reason of a listener.
 * @example
 * const listeners = createListeners(warnOfFailure('A listener of the key ring failed', 'PASSPORT_JWE_KEY_RING'));
 * const remove = listeners.add(() => console.log('changed'));
 * listeners.emit();
 */
export function createListeners<Event = void>(report: (fault: unknown) => void): Listeners<Event> {
  // An array, because V8 keeps old tables of a long-lived `Set` reachable until a major garbage collection.
  const registrations: { readonly listener: Listener<Event> }[] = [];

  return {
    add(listener) {
      if (typeof listener !== 'function') {
        throw new TypeError(
          'onChange: listener must be a function, for example () => console.log("changed")',
        );
      }
      const registration = { listener };
      registrations.push(registration);
      return () => {
        const index = registrations.indexOf(registration);
        if (index >= 0) registrations.splice(index, 1);
        return index >= 0;
      };
    },

    emit(event) {
      for (const registration of [...registrations]) {
        if (registrations.includes(registration)) callIsolated(() => registration.listener(event), report);
      }
    },
  };
}
