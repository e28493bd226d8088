import { type Clock, earliestOf, type NumericDate } from './clock.js';

/** Minimum interval between removals of expired entries, in seconds. */
const SWEEP_SECONDS = 60;

/** Map whose entries expire at their `expiresAt`. */
export class ExpiringMap<Value extends { readonly expiresAt: NumericDate }> {
  readonly #values = new Map<string, Value>();
  readonly #clock: Clock;
  readonly #onForget: (value: Value) => void;
  #sweptAt = 0;

  /** @param onForget called with each value that is removed after it expired or was replaced. */
  constructor(clock: Clock, onForget: (value: Value) => void = () => undefined) {
    this.#clock = clock;
    this.#onForget = onForget;
  }

  get size(): number {
    return this.#values.size;
  }

  get(name: string): Value | undefined {
    const value = this.#values.get(name);
    return value !== undefined && value.expiresAt > this.#clock() ? value : undefined;
  }

  set(name: string, value: Value): void {
    this.#sweep(earliestOf(this.#clock));
    const replaced = this.#values.get(name);
    this.#values.set(name, value);
    if (replaced !== undefined) this.#onForget(replaced);
  }

  /** Remove an entry. @returns whether an unexpired entry existed. */
  delete(name: string): boolean {
    const isKnown = this.get(name) !== undefined;
    this.#values.delete(name);
    return isKnown;
  }

  #sweep(now: NumericDate): void {
    if (now < this.#sweptAt + SWEEP_SECONDS) return;
    this.#sweptAt = now;
    for (const [name, { expiresAt }] of this.#values) {
      if (expiresAt <= now) this.#forget(name);
    }
  }

  #forget(name: string): void {
    const value = this.#values.get(name);
    if (value === undefined) return;
    this.#values.delete(name);
    this.#onForget(value);
  }
}
