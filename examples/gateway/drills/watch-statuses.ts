import { setTimeout as pause } from 'node:timers/promises';
import { type DrillContext, nowMs } from './drill.js';
import type { Probe } from './watch-cut-off.js';

/** Response to a probe. Times are in milliseconds since 1970. */
export interface ObservedStatus {
  /** Name of the probe. */
  readonly name: string;
  readonly sentAt: number;
  readonly at: number;
  readonly status: number;
  readonly text: string;
}

const INTERVAL_MS = 50;
const DEADLINE_MS = 30_000;

/** Sends requests in a loop, and records the status of each response. */
export class StatusWatch {
  readonly #observed: ObservedStatus[] = [];
  readonly #names: readonly string[];
  readonly #loops: readonly Promise<void>[];
  #isStopped = false;

  /** Starts to send. The watch ends with the drill at the latest. */
  constructor({ onEnd }: Pick<DrillContext, 'onEnd'>, probes: readonly Probe[]) {
    this.#names = probes.map(({ name }) => name);
    this.#loops = probes.map((probe) => this.#repeat(probe));
    onEnd(() => this.stop());
  }

  /**
   * Resolves once each probe that was sent after this call has received a response with the given property.
   *
   * @throws Error (as rejection) after 30 seconds.
   */
  async until(description: string, holds: (observed: ObservedStatus) => boolean): Promise<void> {
    const since = nowMs();
    const isDone = (name: string): boolean =>
      this.#observed.some((each) => each.name === name && each.sentAt >= since && holds(each));
    while (!this.#names.every(isDone)) {
      if (nowMs() > since + DEADLINE_MS) throw new Error(`Not within 30 s: ${description}`);
      await pause(INTERVAL_MS / 5);
    }
  }

  /** Resolves once each probe has received 200. */
  untilAccepted(): Promise<void> {
    return this.until('each request is accepted', ({ status }) => status === 200);
  }

  /** Stops sending, and waits for the responses. */
  async stop(): Promise<readonly ObservedStatus[]> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    return this.#observed;
  }

  async #repeat({ name, send }: Probe): Promise<void> {
    while (!this.#isStopped) {
      const sentAt = nowMs();
      const { status, text } = await send();
      this.#observed.push({ name, sentAt, at: nowMs(), status, text });
      await pause(INTERVAL_MS);
    }
  }
}

/**
 * Returns the time at which every probe succeeds again: the first 200 after its last failure.
 *
 * @returns infinity if a probe fails to the end, and `since` if none fails.
 */
export function findRecovery(observed: readonly ObservedStatus[], since: number): number {
  const names = new Set(observed.map(({ name }) => name));
  const ends = [...names].map((name) => {
    const later = observed.filter((each) => each.name === name && each.at >= since);
    const last = later.findLastIndex(({ status }) => status !== 200);
    return last < 0 ? since : (later[last + 1]?.at ?? Number.POSITIVE_INFINITY);
  });
  return Math.max(since, ...ends);
}

/** Describes the responses whose status is not among the expected ones. */
export function findUnexpected(
  observed: readonly ObservedStatus[],
  expected: readonly number[],
): readonly string[] {
  return observed
    .filter(({ status }) => !expected.includes(status))
    .map(({ name, status, text }) => `${name}: ${status} ${text.slice(0, 200)}`);
}
