import type { AuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import { deadline } from '../base/deadline.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { createSingleFlight } from '../base/single-flight.js';
import type { JwkSet } from './jwk.js';
import type { KeySource } from './key-source.js';

export interface KeySetLoaderParts<Loaded> {
  readonly source: KeySource;
  /**
   * Parse a key set.
   *
   * @throws TypeError if a key is malformed or weak.
   */
  readonly parse: (set: JwkSet) => Loaded;
  readonly loadTimeoutSeconds: number;
  /** Minimum time between two loads for unknown key IDs, in seconds. */
  readonly unknownKeySeconds: number;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Loads key sets with a timeout and a rate limit, and records audit events when the source fails or recovers. */
export class KeySetLoader<Loaded> {
  readonly #parts: KeySetLoaderParts<Loaded>;
  readonly #loading = createSingleFlight(() => this.#loadOnce());
  #lastLoadAt = Number.NEGATIVE_INFINITY;
  #isFailing = false;

  constructor(parts: KeySetLoaderParts<Loaded>) {
    this.#parts = parts;
  }

  /**
   * Load the first key set.
   *
   * @throws Error (as rejection) with the reason if the source fails, because no earlier keys remain in use.
   */
  async loadFirst(): Promise<Loaded> {
    const { source, clock } = this.#parts;
    this.#lastLoadAt = clock();
    try {
      return await this.#ask();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'unknown reason';
      throw new Error(`Key source ${source.name} cannot be loaded: ${reason}`, { cause });
    }
  }

  /**
   * Load the key set. Concurrent callers share one load.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the source fails.
   */
  load(): Promise<Loaded> {
    return this.#loading.run();
  }

  /**
   * Load the key set to find an unknown key ID, at most once per `unknownKeySeconds`.
   *
   * @returns `undefined` if the last load is too recent.
   * @throws TemporarilyUnavailableError (as rejection) if the source fails.
   */
  async loadForUnknownKey(): Promise<Loaded | undefined> {
    const { source, clock, unknownKeySeconds } = this.#parts;
    const isRecent = Math.abs(clock() - this.#lastLoadAt) < unknownKeySeconds;
    if (this.#loading.pending !== undefined || !isRecent) return this.load();
    if (this.#isFailing)
      throw new TemporarilyUnavailableError({
        cause: new Error(`Key source ${source.name} is unavailable: see the audit event key_source.failed`),
      });
    return undefined;
  }

  async #loadOnce(): Promise<Loaded> {
    const { source, audit, clock } = this.#parts;
    this.#lastLoadAt = clock();
    try {
      const loaded = await this.#ask();
      if (this.#isFailing) await audit.record({ type: 'key_source.reachable', source: source.name });
      this.#isFailing = false;
      return loaded;
    } catch (cause) {
      if (!this.#isFailing) {
        const reason = cause instanceof TypeError ? 'malformed' : 'unreachable';
        await audit.record({ type: 'key_source.failed', source: source.name, reason });
      }
      this.#isFailing = true;
      throw new TemporarilyUnavailableError({ cause });
    }
  }

  async #ask(): Promise<Loaded> {
    const { source, loadTimeoutSeconds, parse } = this.#parts;
    // Callers must not wait for an unresponsive source.
    const set = await deadline(source.load(), loadTimeoutSeconds * 1000, () => {
      throw new Error(
        `the source did not respond within ${loadTimeoutSeconds} s; check the network, or raise loadTimeoutSeconds`,
      );
    });
    return parse(set);
  }
}
