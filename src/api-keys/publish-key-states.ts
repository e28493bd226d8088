import type { AuditTrail } from '../audit/record.js';
import type { Clock, NumericDate } from '../base/clock.js';
import { retry } from '../base/retry.js';
import type { Revocations } from '../revocation/revocations.js';
import type { ApiKey } from './api-key.js';
import type { RegisteredKey } from './api-key-registry.js';
import { isInForce } from './check-key-states.js';

export interface KeyStatePublisherParts {
  readonly revocations: Pick<Revocations, 'revoke'>;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /** Called when a key expires, or a key that was held back may be activated. */
  readonly onDue: () => void;
}

/** First pause between two attempts to publish. */
const RETRY_MS = 500;

/** Maximum delay of a timer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Publishes API keys that became inactive, for resource servers without the configuration: revokes all tokens that were
 * issued to them up to that second. Retries until the store confirms.
 */
export class KeyStatePublisher {
  readonly #parts: KeyStatePublisherParts;
  readonly #closed = new AbortController();
  /** Inactive keys, each with the last second whose tokens are revoked. */
  readonly #cutOffs = new Map<string, NumericDate>();
  readonly #unpublished = new Set<string>();
  /** When the last key that is held back may be activated. */
  #heldUntil = 0;
  #known: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: KeyStatePublisherParts) {
    this.#parts = parts;
  }

  /** Inactive keys that are not published yet. */
  get unpublished(): readonly string[] {
    return [...this.#unpublished];
  }

  /**
   * Deactivates keys that were reactivated within the second of their revocation, until that second has passed. `iat`
   * is in seconds, so their new tokens would be revoked too.
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

  /** Publishes inactive keys. @param apiKeys the keys in use; replaced keys must no longer issue tokens. */
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

  close(): void {
    clearTimeout(this.#timer);
    this.#closed.abort();
  }

  #cutOff(keyId: string, issuedUpTo: NumericDate): void {
    this.#cutOffs.set(keyId, issuedUpTo);
    this.#unpublished.add(keyId);
    this.#revoke(keyId, issuedUpTo).catch(() => {});
  }

  /** Rejects only if closed. A late publication does not change the cut-off. */
  async #revoke(clientId: string, issuedUpTo: NumericDate): Promise<void> {
    const { revocations, audit } = this.#parts;
    await retry(() => revocations.revoke({ kind: 'api_key', clientId, issuedUpTo }), {
      firstPauseMs: RETRY_MS,
      signal: this.#closed.signal,
      onRetry: (_failure, retry) => {
        // Not awaited, because a sink may hang. The audit trail reports its own failures.
        if (retry === 1)
          audit.record({ type: 'revocation.delayed', kind: 'api_key', clientId }).catch(() => {});
      },
    });
    this.#unpublished.delete(clientId);
  }

  /** Keys expire without a change of their files. */
  #scheduleNext(apiKeys: readonly ApiKey[], now: NumericDate): void {
    const moments = apiKeys.flatMap(({ active, expiresAt }) => (active ? [expiresAt ?? 0] : []));
    const next = Math.min(...[this.#heldUntil, ...moments].filter((moment) => moment > now));
    clearTimeout(this.#timer);
    if (next === Number.POSITIVE_INFINITY || this.#closed.signal.aborted) return;
    const delayMs = Math.min(Math.ceil((next - now) * 1000), MAX_TIMER_MS);
    this.#timer = setTimeout(this.#parts.onDue, delayMs).unref();
  }
}
