import type { AuditTrail } from '../audit/record.js';
import { callIsolated } from '../base/call-isolated.js';
import type { Clock, NumericDate } from '../base/clock.js';
import { createListeners } from '../base/listeners.js';
import { warnOfFailure } from '../base/warn-of-failure.js';
import type { Revocations } from '../revocation/revocations-contract.js';
import type { ApiKey } from './api-key.js';
import {
  type ApiKeyRegistry,
  type ApiKeyRule,
  type ClientCredentials,
  createApiKeyRegistry,
} from './api-key-registry.js';
import { ConfigurationError, type ConfigurationProblem } from './configuration-error.js';
import { formatPath } from './format-path.js';
import { listApiKeyFiles } from './list-api-key-files.js';
import type { LoadedApiKeys } from './load-api-keys.js';
import { KeyStatePublisher } from './publish-key-states.js';
import { type ApiKeyLocation, type ApiKeySet, readApiKeys } from './read-api-keys.js';
import { recordLoaded, recordRejected } from './record-reading.js';

/** State of watched API keys, for readiness probes and operators. */
export interface ApiKeysState {
  /** Time when the current set was loaded. */
  readonly loadedAt: NumericDate;
  /** Problems that keep the files from being loaded. Absent if the current set matches the files. */
  readonly error?: ConfigurationError;
  /** `key_id`s of inactive API keys whose revocation the store has not confirmed yet. */
  readonly unpublished: readonly string[];
}

/** API keys that are reloaded when their files change. Each request sees either the old or the new set. */
export interface WatchedApiKeys extends LoadedApiKeys {
  /** Current state, for readiness probes and operators. */
  readonly state: ApiKeysState;
  addRule(rule: ApiKeyRule): void;
  /**
   * Reload the files immediately.
   *
   * @throws ConfigurationError (as rejection) if the files are invalid. The last valid set remains in use.
   */
  reload(): Promise<void>;
  /**
   * Add a listener that is called after each change of the set. If the listener throws or rejects, the process emits a
   * warning with the code `PASSPORT_JWE_API_KEYS`.
   *
   * @returns a function that removes the listener.
   */
  onChange(listener: () => void): () => void;
  /** Stop watching the directory. The current set remains in use. */
  close(): void;
}

/** Dependencies of `LiveApiKeys`. */
export interface LiveApiKeysParts extends ApiKeyLocation {
  /** Initial valid set. */
  readonly first: ApiKeySet;
  readonly revocations: Pick<Revocations, 'revoke'> | undefined;
  readonly onRejected: (error: ConfigurationError) => void;
  /** Start watching the directory. @returns a function that stops watching. */
  readonly follow: (apiKeys: LiveApiKeys) => () => void;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Last rejected set. Each fingerprint is reported once. */
interface Rejection {
  readonly fingerprint: string;
  readonly error: ConfigurationError;
}

/** Registry of the last valid set, replaced atomically on each reload. */
export class LiveApiKeys implements WatchedApiKeys {
  readonly #parts: LiveApiKeysParts;
  readonly #rules: ApiKeyRule[] = [];
  readonly #listeners = createListeners(
    warnOfFailure('An onChange listener of watchApiKeys() threw or rejected', 'PASSPORT_JWE_API_KEYS'),
  );
  readonly #publisher: KeyStatePublisher | undefined;
  readonly #stop: () => void;
  #set: ApiKeySet;
  #registry: ApiKeyRegistry;
  #loadedAt: NumericDate;
  #rejection: Rejection | undefined;
  /** Stamp of the files at the last attempt to read them, including failed attempts. */
  #stamp: string;
  #last: Promise<void> = Promise.resolve();
  #waiting: Promise<void> | undefined;

  constructor(parts: LiveApiKeysParts) {
    const { first, revocations, clock } = parts;
    const onDue = (): void => {
      this.#enforce(this.#set);
      this.#listeners.emit();
    };
    this.#parts = parts;
    this.#set = first;
    this.#stamp = first.stamp;
    this.#loadedAt = clock();
    this.#publisher =
      revocations === undefined ? undefined : new KeyStatePublisher({ ...parts, revocations, onDue });
    this.#registry = this.#enforce(first);
    this.#stop = parts.follow(this);
  }

  get apiKeys(): readonly ApiKey[] {
    return this.#registry.apiKeys;
  }

  get warnings(): readonly ConfigurationProblem[] {
    return this.#set.warnings;
  }

  get state(): ApiKeysState {
    const error = this.#rejection?.error;
    return Object.freeze({
      loadedAt: this.#loadedAt,
      ...(error === undefined ? {} : { error }),
      unpublished: this.#publisher?.unpublished ?? [],
    });
  }

  get(keyId: string): ApiKey | undefined {
    return this.#registry.get(keyId);
  }

  authenticate(credentials: ClientCredentials, now: NumericDate): ApiKey {
    return this.#registry.authenticate(credentials, now);
  }

  addRule(rule: ApiKeyRule): void {
    this.#rules.push(rule);
  }

  /** Serialise reads. Calls during a read share a single subsequent read. */
  reload(): Promise<void> {
    this.#waiting ??= this.#last.then(() => {
      this.#waiting = undefined;
      const reading = this.#readAgain();
      this.#last = reading.catch(() => {});
      return reading;
    });
    return this.#waiting;
  }

  /** Reload the files if their metadata changed since the last read. */
  async reloadIfTouched(): Promise<void> {
    const { stamp } = await listApiKeyFiles(this.#parts.directory);
    if (stamp !== this.#stamp) await this.reload();
  }

  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  close(): void {
    this.#stop();
    this.#publisher?.close();
  }

  async #readAgain(): Promise<void> {
    const set = await readApiKeys(this.#parts);
    this.#stamp = set.stamp;
    const problems = set.problems.length > 0 ? set.problems : this.#findBreaches(set);
    if (problems.length > 0) throw this.#reject(set, problems);
    this.#adopt(set);
  }

  #findBreaches({ keys, readings }: ApiKeySet): readonly ConfigurationProblem[] {
    const apiKeys = keys.map(({ apiKey }) => apiKey);
    const faults = this.#rules.flatMap((rule) => rule(apiKeys));
    return faults.map((fault) => {
      const { path, message } = fault;
      const reading = readings.find(({ key }) => key.apiKey.keyId === fault.keyId);
      const somewhere = { file: this.#parts.directory, line: 1, column: 1, path: formatPath(path), message };
      return reading?.problemAt(fault) ?? somewhere;
    });
  }

  #reject({ fingerprint }: ApiKeySet, problems: readonly ConfigurationProblem[]): ConfigurationError {
    if (this.#rejection?.fingerprint === fingerprint) return this.#rejection.error;
    const error = new ConfigurationError(problems);
    this.#rejection = { fingerprint, error };
    recordRejected(this.#parts.audit, problems).catch(ignoreFailure);
    callIsolated(() => this.#parts.onRejected(error), warnOfRejectionListener);
    return error;
  }

  #adopt(set: ApiKeySet): void {
    const isMended = this.#rejection !== undefined;
    const isChanged = set.fingerprint !== this.#set.fingerprint;
    this.#rejection = undefined;
    if (isChanged) {
      this.#set = set;
      this.#loadedAt = this.#parts.clock();
      this.#enforce(set);
      this.#listeners.emit();
    }
    if (isChanged || isMended) recordLoaded(this.#parts.audit, set).catch(ignoreFailure);
  }

  /** Replace the registry, then publish inactive keys: at that point, this process issues no more tokens to them. */
  #enforce({ keys }: ApiKeySet): ApiKeyRegistry {
    this.#registry = createApiKeyRegistry(this.#publisher?.holdBack(keys) ?? keys);
    this.#publisher?.publish(this.#registry.apiKeys);
    return this.#registry;
  }
}

/** Ignore failures of audit records, which the audit trail reports itself. A hanging sink must not delay a reload. */
function ignoreFailure(): void {}

const warnOfRejectionListener = warnOfFailure(
  'The onRejected callback of watchApiKeys() threw or rejected',
  'PASSPORT_JWE_API_KEYS',
);
