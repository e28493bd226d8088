import type { AuditTrail } from '../audit/record.js';
import { callIsolated } from '../base/call-isolated.js';
import type { Clock, NumericDate } from '../base/clock.js';
import { createListeners } from '../base/listeners.js';
import { warnOfFailure } from '../base/warn-of-failure.js';
import type { Revocations } from '../revocation/revocations.js';
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

/** State of the loaded API keys compared with their files. */
export interface ApiKeysState {
  /** When the set in use was loaded. */
  readonly loadedAt: NumericDate;
  /** Why the present files are not in use. Absent if they are. */
  readonly error?: ConfigurationError;
  /** `key_id`s of inactive API keys whose revocation is not published yet. */
  readonly unpublished: readonly string[];
}

/** API keys that follow their directory. A request sees either the old or the new set. */
export interface WatchedApiKeys extends LoadedApiKeys {
  /** State, for readiness probes and operators. */
  readonly state: ApiKeysState;
  addRule(rule: ApiKeyRule): void;
  /**
   * Reloads the files.
   *
   * @throws ConfigurationError (as rejection) if they are invalid. The last valid set remains in use.
   */
  reload(): Promise<void>;
  /**
   * Calls the listener after every change of the set. A listener that throws, or whose promise rejects, is reported by
   * `process.emitWarning` with the code `PASSPORT_JWE_API_KEYS`.
   * @returns a function that removes the listener.
   */
  onChange(listener: () => void): () => void;
  /** Stops watching. The last set remains in use. */
  close(): void;
}

export interface LiveApiKeysParts extends ApiKeyLocation {
  readonly first: ApiKeySet;
  readonly revocations: Pick<Revocations, 'revoke'> | undefined;
  readonly onRejected: (error: ConfigurationError) => void;
  /** Keeps the keys up to date. @returns a function that stops this. */
  readonly follow: (apiKeys: LiveApiKeys) => () => void;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Rejected files. Each fingerprint is reported once. */
interface Rejection {
  readonly fingerprint: string;
  readonly error: ConfigurationError;
}

/** Holds the registry of the last valid set, and replaces it atomically. */
export class LiveApiKeys implements WatchedApiKeys {
  readonly #parts: LiveApiKeysParts;
  readonly #rules: ApiKeyRule[] = [];
  readonly #listeners = createListeners(
    warnOfFailure('A listener of the API keys failed', 'PASSPORT_JWE_API_KEYS'),
  );
  readonly #publisher: KeyStatePublisher | undefined;
  readonly #stop: () => void;
  #set: ApiKeySet;
  #registry: ApiKeyRegistry;
  #loadedAt: NumericDate;
  #rejection: Rejection | undefined;
  /** Stamp of the files at the last read, valid or not. */
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

  /** Reads do not overlap. Callers during a read share the next one. */
  reload(): Promise<void> {
    this.#waiting ??= this.#last.then(() => {
      this.#waiting = undefined;
      const reading = this.#readAgain();
      this.#last = reading.catch(() => {});
      return reading;
    });
    return this.#waiting;
  }

  /** Reloads the files if they were touched. */
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

  /** Publishes keys that became inactive, after this process stopped issuing tokens to them. */
  #enforce({ keys }: ApiKeySet): ApiKeyRegistry {
    this.#registry = createApiKeyRegistry(this.#publisher?.holdBack(keys) ?? keys);
    this.#publisher?.publish(this.#registry.apiKeys);
    return this.#registry;
  }
}

/** A hanging audit sink must not delay changes of the keys. The audit trail reports its own failures. */
function ignoreFailure(): void {}

const warnOfRejectionListener = warnOfFailure('onRejected of the API keys failed', 'PASSPORT_JWE_API_KEYS');
