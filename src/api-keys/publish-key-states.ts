import type { AuditTrail } from '../audit/record.js';
import type { Clock, NumericDate } from '../base/clock.js';
import { retry } from '../base/retry.js';
import type { Revocations } from '../revocation/revocations-contract.js';
import type { ApiKey } from './api-key.js';
import type { RegisteredKey } from './api-key-registry.js';
import { isInForce } from './check-key-states.js';

/** Dependencies of `KeyStatePublisher`. */
export interface KeyStatePublisherParts {
  readonly revocations: Pick<Revocations, 'revoke'>;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /** Called when an API key expires, and when a held-back API key can be activated. */
  readonly onDue: () => void;
}

/** Delay before the first retry, in milliseconds. */
const RETRY_MS = 500;

/** Maximum delay of a Node.js timer, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Revokes the tokens of inactive API keys, for resource servers that do not have the API key files. A revocation covers
 * the tokens issued up to the second of the deactivation, and is retried until the store confirms it.
 */
export class KeyStatePublisher {
  readonly #parts: KeyStatePublisherParts;
  readonly #closed = new AbortController();
  /** Cut-offs of inactive API keys. Tokens issued at or before the cut-off are revoked. */
  readonly #cutOffs = new Map<string, NumericDate>();
  readonly #unpublished = new Set<string>();
  /** Time when the last held-back API key can be activated. */
  #heldUntil = 0;
  #known: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: KeyStatePublisherParts) {
    this.#parts = parts;
  }

  /** `key_id`s of inactive API keys whose revocation the store has not confirmed yet. */
  get unpublished(): readonly string[] {
    return [...this.#unpublished];
  }

  /**
   * Deactivate reactivated API keys until the second of their revocation has passed. `iat` has a resolution of one
   * second, so the revocation would also apply to new tokens.
   */
  holdBack(keys: readonly RegisteredKey[]): readonly RegisteredKey[] {
    const now = this.#parts.clock();
    return keys.map((key) => {
      const from = (this.#cutOffs.get(key.apiKey.keyId) ?? Number.NEGATIVE_INFINITY) + 1;
      if (from <= now || !key.apiKey.active) return key;
      this.#heldUntil = Math.max(this.#heldUntil, from);
      return { ...key, apiKey: Object.freeze({ ...key.apiKey, active: false }) };
    });
  }

  /**
   * Revoke the tokens of API keys that are inactive, expired or removed.
   *
   * @param apiKeys the current set. API keys outside this set must not receive tokens any more.
   */
  publish(apiKeys: readonly ApiKey[]): void {
    const now = this.#parts.clock();
    const inForce = new Set(apiKeys.filter((apiKey) => isInForce(apiKey, now)).map(({ keyId }) => keyId));
    const configured = apiKeys.map(({ keyId }) => keyId);
    for (const keyId of new Set([...this.#known, ...configured])) {
      if (inForce.has(keyId)) this.#cutOffs.delete(keyId);
      else if (!this.#cutOffs.has(keyId)) this.#cutOff(keyId, Math.floor(now));
    }
    this.#known = configured;
    this.#scheduleNext(apiKeys, now);
  }

  /** Stop the timer and all retries. */
  close(): void {
    clearTimeout(this.#timer);
    this.#closed.abort();
  }

  #cutOff(keyId: string, issuedUpTo: NumericDate): void {
    this.#cutOffs.set(keyId, issuedUpTo);
    this.#unpublished.add(keyId);
    this.#revoke(keyId, issuedUpTo).catch(() => {});
  }

  /** Revoke the tokens of an API key up to the cut-off, which retries do not change. Reject only after `close()`. */
  async #revoke(clientId: string, issuedUpTo: NumericDate): Promise<void> {
    const { revocations, audit } = this.#parts;
    await retry(() => revocations.revoke({ kind: 'api_key', clientId, issuedUpTo }), {
      firstPauseMs: RETRY_MS,
      signal: this.#closed.signal,
      onRetry: (_failure, retry) => {
        // Not awaited, because an audit sink may hang. The audit trail reports its own failures.
        if (retry === 1)
          audit.record({ type: 'revocation.delayed', kind: 'api_key', clientId }).catch(() => {});
      },
    });
    this.#unpublished.delete(clientId);
  }

  /** Set the timer for the next expiry or activation, because neither changes a file. */
  #scheduleNext(apiKeys: readonly ApiKey[], now: NumericDate): void {
    const moments = apiKeys.flatMap(({ active, expiresAt }) => (active ? [expiresAt ?? 0] : []));
    const next = Math.min(...[this.#heldUntil, ...moments].filter((moment) => moment > now));
    clearTimeout(this.#timer);
    if (next === Number.POSITIVE_INFINITY || this.#closed.signal.aborted) return;
    const delayMs = Math.min(Math.ceil((next - now) * 1000), MAX_TIMER_MS);
    this.#timer = setTimeout(this.#parts.onDue, delayMs).unref();
  }
}
