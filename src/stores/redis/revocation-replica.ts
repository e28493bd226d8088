import { setTimeout as pause } from 'node:timers/promises';
import type { AuditEvent } from '../../audit/events.js';
import type { AuditTrail } from '../../audit/record.js';
import { type Clock, earliestOf, type NumericDate } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { retry } from '../../base/retry.js';
import { explainStoreFailure } from '../explain-store-failure.js';
import type { Folding } from '../fold-entries.js';
import { RevocationIndex } from '../revocation-index.js';
import { coversEntry, type RevocationEntry, type RevocationFill } from '../revocation-store.js';
import type { StoreBounds } from '../stores.js';
import { type Moment, presentMoment } from './moment.js';
import type { LogNews, LogPosition, RevocationLog } from './revocation-log.js';
import { UnloggedEntries } from './unlogged-entries.js';

/** Maximum wait for new log entries between two polls, in milliseconds. */
export const MAX_WAIT_MS = 500;

/** Pause after a failed attempt, in milliseconds. */
const RETRY_MS = 50;

/** Maximum number of entries to restore per step. */
const PUBLISH_LIMIT = 500;

export interface ReplicaSetting {
  readonly log: RevocationLog;
  /** Maximum age of the replica, in milliseconds. Look-ups in an older replica throw. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/**
 * In-memory replica of the revocations in Redis, built from a snapshot and the log. The replica retains every entry
 * until the entry expires. If Redis loses entries, for example after a flush or a reset, the replica restores them.
 */
export class RevocationReplica {
  readonly #index = new RevocationIndex();
  readonly #log: RevocationLog;
  readonly #setting: ReplicaSetting;
  #position: LogPosition | undefined;
  /** Epoch of the last snapshot. `undefined` before the first snapshot. */
  #epoch: string | undefined;
  #completeSince: NumericDate = 0;
  /** Start time of the last poll that confirmed the replica as complete. */
  #confirmedAt: Moment = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: Number.NEGATIVE_INFINITY };
  /** Entries that Redis has lost and that the replica is about to restore. */
  #unpublished: readonly RevocationEntry[] = [];
  readonly #unlogged = new UnloggedEntries();
  /** Whether `complete-since` in Redis is later than in the replica, and therefore needs a correction. */
  #owesVouching = false;
  #isReachable = true;
  #isStopped = false;

  constructor(setting: ReplicaSetting) {
    this.#log = setting.log;
    this.#setting = setting;
  }

  /**
   * Take the first snapshot, then follow the log in the background.
   *
   * @param timeoutMs maximum wait for the snapshot, in milliseconds.
   * @throws TemporarilyUnavailableError (as rejection) if no snapshot is complete in time.
   */
  async start(timeoutMs: number): Promise<void> {
    await retry(() => this.#catchUp(), { firstPauseMs: RETRY_MS, timeoutMs, keepsAlive: true });
    void this.#follow();
  }

  stop(): void {
    this.#isStopped = true;
  }

  get size(): number {
    return this.#index.size;
  }

  get ageMs(): number {
    const { monotonicMs, wallMs } = presentMoment();
    return Math.max(monotonicMs - this.#confirmedAt.monotonicMs, wallMs - this.#confirmedAt.wallMs);
  }

  isFresh(): boolean {
    return this.ageMs <= this.#setting.maxAgeMs;
  }

  find(name: string): RevocationEntry | undefined {
    this.#assertFresh();
    return this.#index.find(name);
  }

  /** Return an entry regardless of the age of the replica. */
  peek(name: string): RevocationEntry | undefined {
    return this.#index.find(name);
  }

  /** Plan a folding step: in the group of an entry if the group is full or, without an entry, in the largest group. */
  planFolding(bound: number, entry?: RevocationEntry): Folding | undefined {
    this.#index.forgetExpired(earliestOf(this.#setting.clock));
    if (entry !== undefined && this.#index.countBeside(entry) < bound) return undefined;
    return this.#index.planFolding(bound, entry);
  }

  fillWithin(bounds: Required<StoreBounds>): RevocationFill {
    return this.#index.fillWithin(bounds);
  }

  completeSince(): NumericDate {
    this.#assertFresh();
    return this.#completeSince;
  }

  /** Add an entry that Redis accepted from this process. */
  add(entry: RevocationEntry): void {
    this.#keep([entry]);
    this.#unlogged.add(entry, performance.now());
  }

  /** Apply a folding step that Redis executed for this process. */
  fold({ wide }: Folding): void {
    for (const entry of wide) this.#index.add(entry);
    for (const entry of wide) this.#unlogged.add(entry, performance.now());
  }

  #keep(entries: readonly RevocationEntry[]): void {
    const now = earliestOf(this.#setting.clock);
    this.#index.forgetExpired(now);
    for (const entry of entries) if (entry.expiresAt > now) this.#index.add(entry);
  }

  #assertFresh(): void {
    if (this.isFresh()) return;
    throw new TemporarilyUnavailableError({
      cause: new Error(
        'The revocation replica exceeds maxReplicaAgeSeconds, because Redis does not answer: check the connection',
      ),
    });
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#catchUp();
        await this.#publish();
        this.#noteState({ type: 'store.reachable' });
        await this.#untilNews();
      } catch (error) {
        if (this.#isStopped) return;
        this.#noteState({ type: 'store.unreachable', ...explainStoreFailure(error) });
        await pause(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  /** Read new entries from the log. Take a snapshot first if the log lacks the position of the replica. */
  async #catchUp(): Promise<void> {
    for (;;) {
      if (this.#position === undefined) await this.#takeSnapshot();
      else if (await this.#isUpToDate(this.#position)) return;
    }
  }

  async #isUpToDate(position: LogPosition): Promise<boolean> {
    const askedAt = presentMoment();
    const news = await this.#log.poll(position);
    this.#position = news?.position;
    if (news === undefined) return false;
    this.#keep(news.entries);
    this.#unlogged.forgetLogged(news.entries);
    if (news.isCutOff) return false;
    this.#readCompleteSince(news);
    // Redis accepted these entries before the poll, but its log lacks them, so Redis was reset in between.
    const lost = this.#unlogged.takeAcceptedBefore(askedAt.monotonicMs);
    if (lost.length > 0) this.#restore(lost, false);
    this.#confirmedAt = askedAt;
    return true;
  }

  #restore(entries: readonly RevocationEntry[], isNewEpoch: boolean): void {
    this.#unpublished = [...this.#unpublished, ...entries];
    this.#record({ type: 'store.data_lost', isNewEpoch, restored: entries.length });
  }

  /** Adopt `complete-since` of Redis if it is earlier, because a different replica has restored lost entries. */
  #readCompleteSince({ completeSince }: LogNews): void {
    this.#completeSince = Math.min(this.#completeSince, completeSince);
    this.#owesVouching = this.#completeSince < completeSince;
  }

  async #takeSnapshot(): Promise<void> {
    const { position, completeSince } = await this.#log.open();
    const openedAtMs = performance.now();
    const found = new Map<string, RevocationEntry>();
    const hasOutlived = this.#epoch !== undefined;
    for await (const entry of this.#log.snapshot()) {
      if (hasOutlived) found.set(entry.name, entry);
      this.#index.add(entry);
    }
    this.#unlogged.takeAcceptedBefore(openedAtMs);
    if (hasOutlived) this.#planRestoration(found, position.epoch);
    this.#completeSince = hasOutlived ? Math.min(this.#completeSince, completeSince) : completeSince;
    this.#position = position;
    this.#epoch = position.epoch;
  }

  #planRestoration(found: ReadonlyMap<string, RevocationEntry>, epoch: string): void {
    const now = earliestOf(this.#setting.clock);
    // The snapshot may lack entries that Redis accepted in the meantime. The log has them.
    const lacking = [...this.#index.entries()].filter(
      (entry) =>
        entry.expiresAt > now &&
        !coversEntry(found.get(entry.name), entry) &&
        !this.#unlogged.hasName(entry.name),
    );
    const isNewEpoch = epoch !== this.#epoch;
    this.#unpublished = [];
    if (isNewEpoch || lacking.length > 0) this.#restore(lacking, isNewEpoch);
  }

  /** Restore lost entries in batches, then corrects `complete-since` in Redis. */
  async #publish(): Promise<void> {
    const part = this.#unpublished.slice(0, PUBLISH_LIMIT);
    if (part.length > 0) {
      await this.#log.keep(part);
      this.#unpublished = this.#unpublished.slice(part.length);
    } else if (this.#owesVouching && this.#epoch !== undefined) {
      await this.#log.vouch(this.#epoch, this.#completeSince);
    }
  }

  async #untilNews(): Promise<void> {
    if (this.#position === undefined || this.#unpublished.length > 0 || this.#owesVouching) return;
    await this.#log.untilNews(this.#position, Math.ceil(Math.min(MAX_WAIT_MS, this.#setting.maxAgeMs / 4)));
  }

  /** Record the event if it changes the state. */
  #noteState(event: AuditEvent): void {
    const isReachable = event.type === 'store.reachable';
    if (isReachable !== this.#isReachable) this.#record(event);
    this.#isReachable = isReachable;
  }

  #record(event: AuditEvent): void {
    // A failed audit sink must not stop the replica.
    this.#setting.audit.record(event).catch(() => undefined);
  }
}
