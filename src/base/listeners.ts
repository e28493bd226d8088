/** The listeners of one object. A listener that fails affects neither the caller nor the other listeners. */
export interface Listeners<Event> {
  /**
   * Registers a listener. Each call is a registration of its own, even of the same function.
   * @returns a function that removes this registration.
   * @throws TypeError if the listener is not a function.
   */
  add(listener: Listener<Event>): () => void;
  /**
   * Calls every listener that is registered now. A listener that is added meanwhile waits for the next event; one that is
   * removed meanwhile is not called. Never throws.
   */
  emit(event: Event): void;
}

/** May return a promise; its rejection is reported like an error that is thrown. */
export type Listener<Event> = (event: Event) => unknown;

/** How failures of the listeners are reported. */
export interface ListenerWarning {
  /** The object that the listeners belong to, as it stands in the warning: `the key ring`. */
  readonly subject: string;
  /** `code` of the warning. */
  readonly code: `PASSPORT_JWE_${string}`;
}

/**
 * Creates an empty set of listeners.
 *
 * @example
 * const listeners = createListeners({ subject: 'the key ring', code: 'PASSPORT_JWE_KEY_RING' });
 * const remove = listeners.add(() => console.log('changed'));
 * listeners.emit();
 */
export function createListeners<Event = void>({ subject, code }: ListenerWarning): Listeners<Event> {
  const registrations = new Set<{ readonly listener: Listener<Event> }>();
  const warn = warnOfFailure(`A listener of ${subject} failed`, code);

  return {
    add(listener) {
      if (typeof listener !== 'function') throw new TypeError('listener must be a function');
      const registration = { listener };
      registrations.add(registration);
      return () => void registrations.delete(registration);
    },

    emit(event) {
      for (const registration of [...registrations]) {
        if (registrations.has(registration)) callIsolated(() => registration.listener(event), warn);
      }
    },
  };
}

/**
 * Calls a function of the application without letting its failure reach the caller.
 * @param report receives what it threw, or what its promise rejected with.
 */
export function callIsolated(callback: () => unknown, report: (fault: unknown) => void): void {
  try {
    const answer = callback();
    if (isThenable(answer)) Promise.resolve(answer).catch(report);
  } catch (fault) {
    report(fault);
  }
}

/**
 * Creates a reporter that emits a process warning. The warning names the class of the fault only: its message could hold
 * a secret.
 */
export function warnOfFailure(what: string, code: ListenerWarning['code']): (fault: unknown) => void {
  return (fault) => {
    const name = fault instanceof Error ? fault.name : typeof fault;
    process.emitWarning(`${what} (${name})`, { code });
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'then') === 'function';
}
