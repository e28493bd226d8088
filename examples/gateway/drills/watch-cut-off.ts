import { setTimeout as pause } from 'node:timers/promises';
import { nowMs } from './drill.js';
import type { GatewayAnswer } from './gateway-client.js';

/** Request of an attacker, which is repeated. */
export interface Probe {
  readonly name: string;
  send(): Promise<GatewayAnswer>;
}

/** Times and counts of all probes. */
export interface CutOff {
  /** Time in milliseconds since 1970 after which every probe is rejected. */
  readonly at: number;
  /** Returns the maximum number of requests of a probe that were sent after a time, and accepted. */
  acceptedSince(time: number): number;
  /** Names of probes that were accepted after a rejection. */
  readonly acceptedLater: readonly string[];
  /** Names of probes that were never accepted. They prove nothing. */
  readonly neverAccepted: readonly string[];
  /** Unexpected responses: neither 200 nor a rejection with 400 or 401. */
  readonly unexpected: readonly string[];
}

interface Observation {
  readonly name: string;
  /** Times at which accepted requests were sent. */
  readonly accepted: number[];
  rejectedAt?: number;
  isAcceptedLater: boolean;
}

/** Pause of each probe between a response and the next request. */
export const PROBE_INTERVAL_MS = 50;
/** Number of rounds after all probes have been rejected. */
const LATER_ROUNDS = 10;
const DEADLINE_MS = 20_000;

/** Sends the requests of an attacker in a loop, until all are rejected. */
export class CutOffWatch {
  readonly #probes: readonly Probe[];
  readonly #observations: readonly Observation[];
  readonly #unexpected: string[] = [];
  readonly #loops: readonly Promise<void>[];
  readonly #deadline = nowMs() + DEADLINE_MS;

  constructor(probes: readonly Probe[]) {
    this.#probes = probes;
    this.#observations = probes.map(({ name }) => ({ name, accepted: [], isAcceptedLater: false }));
    this.#loops = this.#probes.map((probe, index) => this.#repeat(probe, this.#observations[index]));
  }

  /** Resolves once each probe was accepted. */
  async untilAccepted(): Promise<void> {
    while (this.#observations.some(({ accepted }) => accepted.length === 0) && nowMs() < this.#deadline) {
      await pause(PROBE_INTERVAL_MS);
    }
  }

  /** Resolves some rounds after each probe was rejected. */
  async untilRejected(): Promise<CutOff> {
    await Promise.all(this.#loops);
    const names = (isMatch: (observation: Observation) => boolean) =>
      this.#observations.filter(isMatch).map(({ name }) => name);
    return {
      at: Math.max(...this.#observations.map(({ rejectedAt = Number.POSITIVE_INFINITY }) => rejectedAt)),
      acceptedSince: (time) =>
        Math.max(...this.#observations.map(({ accepted }) => accepted.filter((at) => at > time).length)),
      acceptedLater: names(({ isAcceptedLater }) => isAcceptedLater),
      neverAccepted: names(({ accepted }) => accepted.length === 0),
      unexpected: this.#unexpected,
    };
  }

  async #repeat({ name, send }: Probe, observation: Observation | undefined): Promise<void> {
    if (observation === undefined) return;
    let rounds = 0;
    while (rounds < LATER_ROUNDS && nowMs() < this.#deadline) {
      const sentAt = nowMs();
      const { status, text } = await send();
      if (status === 200) {
        observation.accepted.push(sentAt);
        observation.isAcceptedLater ||= observation.rejectedAt !== undefined;
      } else {
        observation.rejectedAt ??= nowMs();
        if (status !== 400 && status !== 401)
          this.#unexpected.push(`${name}: ${status} ${text.slice(0, 200)}`);
      }
      if (this.#observations.every(({ rejectedAt }) => rejectedAt !== undefined)) rounds += 1;
      await pause(PROBE_INTERVAL_MS);
    }
  }
}
