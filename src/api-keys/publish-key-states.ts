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
  /** Called when a key has expired, or one that was held back may come into force. */
  readonly onDue: () => void;
}

/** Time between two attempts to publish. */
const RETRY_MS = 500;

/** Longest time that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Tells others of keys that became inactive, by revoking what was issued to them up to that second: resource servers
 * that do not know the configuration follow the revocations. What cannot be published is tried again until it is.
 */
export class KeyStatePublisher {
  readonly #parts: KeyStatePublisherParts;
  readonly #closed = new AbortController();
  /** Inactive keys, with the last second whose tokens are revoked. */
  readonly #cutOffs = new Map<string, NumericDate>();
  readonly #unpublished = new Set<string>();
  /** When the last key that is held back may come into force. */
  #heldUntil = 0;
  #known: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: KeyStatePublisherParts) {
    this.#parts = parts;
  }

  /** Inactive keys of which others have not been told yet. */
  get unpublished(): readonly string[] {
    return [...this.#unpublished];
  }

  /**
   * The keys as they may come into force now. `iat` has no fractions: what a key got within the second of its cut-off
   * would be revoked, so one that is back so soon stays inactive until that second is over.
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

  /** @param apiKeys those that have just come into force: whatever they replace issues nothing any more. */
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

  /** Rejects only when closed. The cut-off stays what it was, however late it is published. */
  async #revoke(clientId: string, issuedUpTo: NumericDate): Promise<void> {
    const { revocations, audit } = this.#parts;
    await retry(() => revocations.revoke({ kind: 'api_key', clientId, issuedUpTo }), {
      firstPauseMs: RETRY_MS,
      signal: this.#closed.signal,
      onRetry: (_failure, retry) => {
        // Nothing waits for a sink that hangs; a trail that fails has said so itself.
        if (retry === 1)
          audit.record({ type: 'revocation.delayed', kind: 'api_key', clientId }).catch(() => {});
      },
    });
    this.#unpublished.delete(clientId);
  }

  /** Keys expire without anybody changing a file. */
  #scheduleNext(apiKeys: readonly ApiKey[], now: NumericDate): void {
    const moments = apiKeys.flatMap(({ active, expiresAt }) => (active ? [expiresAt ?? 0] : []));
    const next = Math.min(...[this.#heldUntil, ...moments].filter((moment) => moment > now));
    clearTimeout(this.#timer);
    if (next === Number.POSITIVE_INFINITY || this.#closed.signal.aborted) return;
    const delayMs = Math.min(Math.ceil((next - now) * 1000), MAX_TIMER_MS);
    this.#timer = setTimeout(this.#parts.onDue, delayMs).unref();
  }
}
