import type { AuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import { deadline } from '../base/deadline.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { createSingleFlight } from '../base/single-flight.js';
import { assembleKeyRing } from './assemble-key-ring.js';
import type { DerivationOptions } from './create-key-ring.js';
import type { KeyRing } from './key-ring.js';
import type { KeySource } from './key-source.js';
import { assertLasting } from './key-versions.js';
import type { JwkSet, KeyMaterial } from './parse-jwk.js';
import { parseJwkSet } from './read-key-spec.js';

/** What a source held when it was asked. */
export interface LoadedKeySet {
  readonly set: JwkSet;
  /** The set as text, which tells whether it has changed. Secret. */
  readonly text: string;
  readonly materials: readonly KeyMaterial[];
  readonly ring: KeyRing;
}

export interface KeySetLoaderParts extends Required<DerivationOptions> {
  readonly source: KeySource;
  readonly loadTimeoutSeconds: number;
  /** Least time between two loads that unknown keys cause. */
  readonly unknownKeySeconds: number;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Asks a key source, within bounds, and puts on record when it stops to answer and when it answers again. */
export class KeySetLoader {
  readonly #parts: KeySetLoaderParts;
  readonly #loading = createSingleFlight(() => this.#loadOnce());
  #lastLoadAt = Number.NEGATIVE_INFINITY;
  #isFailing = false;

  constructor(parts: KeySetLoaderParts) {
    this.#parts = parts;
  }

  /** @throws Error (as rejection) that says what is wrong: nothing works without keys. */
  async loadFirst(): Promise<LoadedKeySet> {
    const { source, clock } = this.#parts;
    this.#lastLoadAt = clock();
    try {
      return await this.#ask();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'for an unknown reason';
      throw new Error(`The key source ${source.name} cannot be loaded: ${reason}`, { cause });
    }
  }

  /** However many wait, the source is asked once. @throws TemporarilyUnavailableError (as rejection) */
  load(): Promise<LoadedKeySet> {
    return this.#loading.run();
  }

  /**
   * The same for a key that is not known: at most once in `unknownKeySeconds`, however many ask.
   * @returns `undefined` where it was asked so recently that there is nothing new.
   */
  async loadForUnknownKey(): Promise<LoadedKeySet | undefined> {
    const { clock, unknownKeySeconds } = this.#parts;
    const isRecent = Math.abs(clock() - this.#lastLoadAt) < unknownKeySeconds;
    if (this.#loading.pending !== undefined || !isRecent) return this.load();
    if (this.#isFailing)
      throw new TemporarilyUnavailableError({ cause: new Error('The key source is away') });
    return undefined;
  }

  async #loadOnce(): Promise<LoadedKeySet> {
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

  async #ask(): Promise<LoadedKeySet> {
    const { source, loadTimeoutSeconds, environment, enc, clock } = this.#parts;
    // A source that hangs must not hang its callers.
    const set = await deadline(source.load(), loadTimeoutSeconds * 1000, () => {
      throw new Error(`It did not answer within ${loadTimeoutSeconds} s`);
    });
    const [first, ...rest] = parseJwkSet(set);
    if (first === undefined) throw new TypeError('A JWK Set must hold at least one key');
    assertLasting([first, ...rest]);
    const ring = assembleKeyRing({ environment, enc, materials: [first, ...rest], clock });
    return { set, text: JSON.stringify(set), materials: [first, ...rest], ring };
  }
}
