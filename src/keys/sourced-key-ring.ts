import type { AuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { createListeners } from '../base/listeners.js';
import { warnOfFailure } from '../base/warn-of-failure.js';
import type { KeyPurpose } from './content-key.js';
import type { KeyRing } from './key-ring.js';
import { bindInternals, internalsOf, type KeyRingInternals } from './key-ring-internals.js';
import type { KeySetLoader } from './key-set-loader.js';
import type { KeySource } from './key-source.js';
import { KeyUsage, type KeyUsageOptions } from './key-usage.js';
import {
  addVersion,
  describeVersions,
  endVersion,
  type KeyVersion,
  type RotationSchedule,
} from './key-versions.js';
import type { LoadedKeySet } from './load-key-set.js';
import type { JwkSet } from './parse-jwk.js';

/** Key ring that reloads its versions from a source. It can be rotated if the source is writable. */
export interface RotatingKeyRing extends KeyRing {
  /** Versions in the source at the last load, including retired ones. */
  readonly versions: readonly KeyVersion[];
  /**
   * Reload the versions from the source.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the source fails. The last valid versions remain in use.
   */
  reload(): Promise<void>;
  /**
   * Add a pending version, which later replaces the current one. The replaced version decrypts until its tokens have
   * expired. Does nothing if a rotation is already in progress, in any process.
   *
   * @throws TypeError (as rejection) if the source is read-only.
   * @throws TemporarilyUnavailableError (as rejection) if the source is unavailable.
   * @example
   * await keyRing.rotate();
   */
  rotate(): Promise<void>;
  /**
   * Retire a version immediately, for example after a leak. Instances reject its tokens after their next reload.
   *
   * @throws TypeError (as rejection) if the version is the current one or unknown, or the source is read-only.
   * @throws TemporarilyUnavailableError (as rejection) if the source is unavailable.
   * @example
   * await keyRing.retire('3f2a90c1d4e5b6a798807162');
   */
  retire(kid: string): Promise<void>;
  /**
   * Call a listener after each change of the versions, for example to export keys again. If a listener throws or
   * rejects, a process warning with the code `PASSPORT_JWE_KEY_RING` is emitted.
   *
   * @returns a function that removes the listener.
   */
  onChange(listener: () => void): () => void;
  /** Stop reloading and close the source. */
  close(): Promise<void>;
}

export interface SourcedKeyRingParts {
  readonly source: KeySource;
  readonly loader: KeySetLoader<LoadedKeySet>;
  readonly first: LoadedKeySet;
  readonly environment: string;
  readonly schedule: RotationSchedule;
  readonly maxTokenLifetimeSeconds: number;
  readonly usage: KeyUsageOptions | undefined;
  /**
   * Start to reload and rotate the ring.
   *
   * @returns a function that stops both.
   */
  readonly follow: (ring: RotatingKeyRing) => () => void;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Maximum number of attempts at a change that conflicts with changes by other processes. */
const MAX_ATTEMPTS = 10;

/** Key ring that uses the last loaded versions, and replaces them atomically. */
export class SourcedKeyRing implements RotatingKeyRing {
  readonly environment: string;
  readonly maxTokenLifetimeSeconds: number;
  readonly #parts: SourcedKeyRingParts;
  readonly #contexts = new Map<string, readonly [KeyPurpose, string]>();
  readonly #listeners = createListeners(
    warnOfFailure('A listener passed to keyRing.onChange() failed', 'PASSPORT_JWE_KEY_RING'),
  );
  readonly #stop: () => void;
  readonly #usage: KeyUsage | undefined;
  #loaded: LoadedKeySet;
  #ring: KeyRing;
  #internals: KeyRingInternals;

  constructor(parts: SourcedKeyRingParts) {
    this.environment = parts.environment;
    this.maxTokenLifetimeSeconds = parts.maxTokenLifetimeSeconds;
    this.#parts = parts;
    this.#loaded = parts.first;
    this.#ring = parts.first.ring;
    this.#internals = internalsOf(parts.first.ring);
    bindInternals(this, this.#describeInternals());
    this.#usage = this.#countUse(parts);
    this.#stop = parts.follow(this);
  }

  get current(): string {
    return this.#ring.current;
  }

  get previous(): readonly string[] {
    return this.#ring.previous;
  }

  get versions(): readonly KeyVersion[] {
    return describeVersions(this.#loaded.materials, this.#parts.clock());
  }

  exportAccessKeys(audience: string): JwkSet {
    this.#prepare('access', audience);
    return this.#ring.exportAccessKeys(audience);
  }

  exportPublicKeys(): JwkSet {
    return this.#ring.exportPublicKeys();
  }

  async reload(): Promise<void> {
    await this.#adopt(await this.#parts.loader.load());
  }

  async rotate(): Promise<void> {
    const { schedule, audit, clock } = this.#parts;
    if (!(await this.#change((set) => addVersion(set, clock(), schedule)))) return;
    const { kid: next = this.current } = this.versions.find(({ state }) => state === 'pending') ?? {};
    await audit.record({ type: 'key_ring.rotated', current: this.current, next });
  }

  async retire(kid: string): Promise<void> {
    const { audit, clock } = this.#parts;
    await this.#change((set) => endVersion(set, kid, clock()));
    await audit.record({ type: 'key_ring.retired', kid });
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#parts.source.close?.();
  }

  /** Create internals that always use the last loaded versions. */
  #describeInternals(): KeyRingInternals {
    return {
      prepare: (purpose, audience) => this.#prepare(purpose, audience),
      encryptionKey: (purpose, audience) => {
        this.#prepare(purpose, audience);
        return this.#internals.encryptionKey(purpose, audience);
      },
      claimUse: ({ kid }) => this.#usage?.claim(kid),
      decryptionKey: (kid) => this.#internals.decryptionKey(kid),
      hasSecret: (secret) => this.#internals.hasSecret(secret),
      recognizeKid: (kid) => this.#internals.recognizeKid(kid),
      nonceKeys: () => this.#internals.nonceKeys(),
      reloadForUnknownKey: () => this.#reloadForUnknownKey(),
      needsSignature: (audience) => this.#internals.needsSignature(audience),
    };
  }

  #prepare(purpose: KeyPurpose, audience: string): void {
    this.#contexts.set(JSON.stringify([purpose, audience]), [purpose, audience]);
    this.#internals.prepare(purpose, audience);
  }

  async #reloadForUnknownKey(): Promise<boolean> {
    const before = this.#ring;
    const loaded = await this.#parts.loader.loadForUnknownKey();
    if (loaded !== undefined) await this.#adopt(loaded);
    return this.#ring !== before;
  }

  #countUse({ source, usage, audit, clock }: SourcedKeyRingParts): KeyUsage | undefined {
    if (usage === undefined) return undefined;
    const mayRotate = source.replace !== undefined && usage.rotate !== false;
    const onHighUse = async (): Promise<void> => (mayRotate ? this.rotate() : undefined);
    return new KeyUsage({ ...usage, audit, clock, onHighUse });
  }

  /** Replace the versions atomically. A request uses either the old or the new versions. */
  async #adopt(loaded: LoadedKeySet): Promise<void> {
    if (loaded.text === this.#loaded.text) return;
    const internals = internalsOf(loaded.ring);
    for (const [purpose, audience] of this.#contexts.values()) internals.prepare(purpose, audience);
    this.#ring = loaded.ring;
    this.#internals = internals;
    this.#loaded = loaded;
    this.#listeners.emit();
    const { current, previous } = this.#ring;
    await this.#parts.audit.record({ type: 'key_ring.changed', current, previous });
  }

  /**
   * Edit the set in the source, and retry on conflicts.
   *
   * @returns whether the set was changed; `false` if `edit` returned `undefined`.
   */
  async #change(edit: (set: JwkSet) => JwkSet | undefined): Promise<boolean> {
    const { source } = this.#parts;
    if (source.replace === undefined)
      throw new TypeError(
        `Key source ${source.name} is read-only: rotate and retire keys in the system that writes them`,
      );
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      await this.reload();
      const { set } = this.#loaded;
      const next = edit(set);
      if (next === undefined) return false;
      if (!(await replaceSet(source, set, next))) continue;
      await this.reload();
      return true;
    }
    const reason = `Key source ${source.name} changed during ${MAX_ATTEMPTS} updates: stop other programs that write it`;
    throw new TemporarilyUnavailableError({ cause: new Error(reason) });
  }
}

async function replaceSet(source: KeySource, previous: JwkSet, next: JwkSet): Promise<boolean> {
  try {
    return (await source.replace?.(previous, next)) ?? false;
  } catch (cause) {
    throw new TemporarilyUnavailableError({ cause });
  }
}
