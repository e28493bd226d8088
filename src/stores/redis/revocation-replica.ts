import { setTimeout as pause } from 'node:timers/promises';
import type { AuditEvent } from '../../audit/events.js';
import type { AuditTrail } from '../../audit/record.js';
import { type Clock, earliestOf, type NumericDate } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { retry } from '../../base/retry.js';
import type { Folding } from '../fold-entries.js';
import { RevocationIndex } from '../revocation-index.js';
import { coversEntry, type RevocationEntry, type RevocationFill } from '../revocation-store.js';
import type { StoreBounds } from '../stores.js';
import { type Moment, presentMoment } from './moment.js';
import type { LogNews, LogPosition, RevocationLog } from './revocation-log.js';
import { UnloggedEntries } from './unlogged-entries.js';

/** Maximum wait for new entries before the replica polls the log. */
export const MAX_WAIT_MS = 500;

/** Pause after a failure. */
const RETRY_MS = 50;

/** Maximum number of entries restored in one step. */
const PUBLISH_LIMIT = 500;

export interface ReplicaSetting {
  readonly log: RevocationLog;
  /** Maximum age of the replica. An older replica throws. */
  readonly maxAgeMs: number;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/**
 * Replica of the revocations in Redis, in the memory of one process: a snapshot and the log entries since. It keeps
 * every entry until it expires. If the store loses entries, because it was emptied or reset, the replica restores them.
 */
export class RevocationReplica {
  readonly #index = new RevocationIndex();
  readonly #log: RevocationLog;
  readonly #setting: ReplicaSetting;
  #position: LogPosition | undefined;
  /** Epoch of the last snapshot; `undefined` before the first. */
  #epoch: string | undefined;
  #completeSince: NumericDate = 0;
  /** Send time of the last poll whose answer confirmed that the replica is complete. */
  #confirmedAt: Moment = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: Number.NEGATIVE_INFINITY };
  /** Entries missing in the store, to be restored. */
  #unpublished: readonly RevocationEntry[] = [];
  readonly #unlogged = new UnloggedEntries();
  /** Whether the store, which was created anew, has a later `complete-since` than necessary. */
  #owesVouching = false;
  #isReachable = true;
  #isStopped = false;

  constructor(setting: ReplicaSetting) {
    this.#log = setting.log;
    this.#setting = setting;
  }

  /**
   * Resolves once the first snapshot is complete, then follows the log.
   * @throws TemporarilyUnavailableError (as rejection) of the last attempt if no snapshot is complete in time.
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

  /** Like `find`, but regardless of the age of the replica. */
  peek(name: string): RevocationEntry | undefined {
    return this.#index.find(name);
  }

  /** Plans a folding in the group of an entry if it is full or, without an entry, in the largest group. */
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

  /** Adds an entry that the store accepted from this process. */
  add(entry: RevocationEntry): void {
    this.#keep([entry]);
    this.#unlogged.add(entry, performance.now());
  }

  /** Applies a folding that the store carried out for this process. */
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
        'The replica of the revocations is too old: Redis has not answered within maxReplicaAgeSeconds',
      ),
    });
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#catchUp();
        await this.#publish();
        this.#noteReachable(true);
        await this.#untilNews();
      } catch {
        if (this.#isStopped) return;
        this.#noteReachable(false);
        await pause(RETRY_MS, undefined, { ref: false });
      }
    }
  }

  /** Reads new entries from the log or, if the log does not reach back far enough, from a snapshot. */
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
    // Entries accepted before the poll but absent from the log: the store was reset before it was read.
    const lost = this.#unlogged.takeAcceptedBefore(askedAt.monotonicMs);
    if (lost.length > 0) this.#restore(lost, false);
    this.#confirmedAt = askedAt;
    return true;
  }

  #restore(entries: readonly RevocationEntry[], isNewEpoch: boolean): void {
    this.#unpublished = [...this.#unpublished, ...entries];
    this.#record({ type: 'store.data_lost', isNewEpoch, restored: entries.length });
  }

  /** Another replica may have restored missing entries. */
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
    // An entry accepted during the snapshot may be missing in it; the log from its start on has it.
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

  /** Restores missing entries in parts, then confirms to the store that it is complete. */
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

  #noteReachable(isReachable: boolean): void {
    if (isReachable === this.#isReachable) return;
    this.#isReachable = isReachable;
    this.#record({ type: isReachable ? 'store.reachable' : 'store.unreachable' });
  }

  #record(event: AuditEvent): void {
    // No caller waits for the result.
    this.#setting.audit.record(event).catch(() => undefined);
  }
}
