import { callIsolated } from './call-isolated.js';
import { type Clock, type NumericDate, systemClock } from './clock.js';
import { assertNumber, assertOptions, assertPositiveNumber, type KnownOptions } from './options.js';
import { warnOfFailure } from './warn-of-failure.js';

/** A step of the system clock: it was set to another time. */
export interface ClockStep {
  /** Size of the step in seconds. Negative if the clock was set back. */
  readonly seconds: number;
}

/** A clock for the option `clock` and for readiness probes. */
export interface SteadyClock extends Clock {
  earliest(): NumericDate;
  /**
   * Whether the system clock is steady. False after a step, until the step is reverted or `settleSeconds` pass without
   * another step. Also false while this clock is ahead of the system clock.
   */
  isSteady(): boolean;
}

export interface SteadyClockOptions {
  /** Largest correction of the system clock that does not count as a step, in seconds, from 1 to 3600. Default 60. */
  readonly toleranceSeconds?: number;
  /** Time without another step after which the new system time is trusted, in seconds. Default 600. */
  readonly settleSeconds?: number;
  /** Called for every step, at the next reading of the clock. Default: steps are not reported. */
  readonly onStep?: (step: ClockStep) => void;
  /** Clock to follow. Default: the system clock. */
  readonly clock?: Clock;
  /** Monotonic clock, in seconds since an arbitrary moment. Default: `performance.now()`. */
  readonly monotonic?: () => number;
}

const KNOWN: KnownOptions<SteadyClockOptions> = {
  toleranceSeconds: true,
  settleSeconds: true,
  onStep: true,
  clock: true,
  monotonic: true,
};

/** Maximum slew rate, in seconds per second. It is below 1, so that the clock never goes back. */
const SLEW = 0.1;

/**
 * Creates a clock that tolerates changes to the system time, so that expired tokens stay expired.
 *
 * The clock returns the later of two times: the system time, and the start time of the process plus the monotonic time
 * since then. If the system time is set back, expired tokens stay expired. If the machine was suspended, the system time
 * counts. A step forward does not change the second time, so a mistaken step has no effect after it is reverted. After a
 * step back, the clock runs 10 % slower until both times agree, since the step may have corrected a wrong start time.
 *
 * @throws TypeError for an unknown or malformed option.
 * @example
 * const clock = createSteadyClock({ onStep: ({ seconds }) => log.warn({ seconds }, 'system clock stepped') });
 * app.use(authenticate({ keyRing, issuer, audience, clock }));
 */
export function createSteadyClock(options: SteadyClockOptions = {}): SteadyClock {
  const settings = resolveSteadyClockOptions(options);
  const look = followMachine(settings);
  const read = (): NumericDate => {
    const { now, offset, floor } = look();
    return now + Math.max(offset, floor);
  };
  return Object.freeze(
    Object.assign(read, {
      earliest(): NumericDate {
        const { now, offset, floor } = look();
        return now + Math.min(offset, floor);
      },
      isSteady(): boolean {
        const { offset, floor, trusted } = look();
        const { toleranceSeconds } = settings;
        return Math.abs(offset - trusted) <= toleranceSeconds && floor - offset <= toleranceSeconds;
      },
    }),
  );
}

/** One reading of both clocks. All members but `now` are offsets of the system clock from the monotonic clock. */
interface Sighting {
  /** Time of the monotonic clock. */
  readonly now: number;
  /** Current offset. */
  readonly offset: number;
  /** Offset at the start of the process, slewed towards the current offset. */
  readonly floor: number;
  /** Last offset that lasted for `settleSeconds` without a step. */
  readonly trusted: number;
}

function followMachine(settings: Required<SteadyClockOptions>): () => Sighting {
  const { clock, monotonic, toleranceSeconds, settleSeconds, onStep } = settings;
  const first = clock() - monotonic();
  let latest: Sighting = { now: monotonic(), offset: first, floor: first, trusted: first };
  let steppedAt = latest.now;
  const isNear = (one: number, other: number): boolean => Math.abs(one - other) <= toleranceSeconds;

  return () => {
    const { now: before, offset: former, trusted } = latest;
    const now = monotonic();
    const offset = clock() - now;
    const slewed = SLEW * Math.max(0, now - before);
    const isStep = !isNear(offset, former);
    if (isStep) steppedAt = now;
    const isTrusted = isNear(offset, trusted) || now - steppedAt >= settleSeconds;
    const floor = giveWay(
      latest.floor,
      offset,
      isNear(offset, latest.floor) ? [slewed, slewed] : [0, slewed],
    );
    latest = { now, offset, floor, trusted: isTrusted ? offset : trusted };
    if (isStep) callIsolated(() => onStep(Object.freeze({ seconds: offset - former })), warnOfStepListener);
    return latest;
  };
}

/** Moves a value towards a target by at most `up` or `down`. */
function giveWay(from: number, to: number, [up, down]: readonly [number, number]): number {
  return Math.max(from - down, Math.min(from + up, to));
}

function resolveSteadyClockOptions(options: SteadyClockOptions): Required<SteadyClockOptions> {
  assertOptions(options, KNOWN, 'createSteadyClock');
  const { toleranceSeconds = 60, settleSeconds = 600, onStep = () => {} } = options;
  const { clock = systemClock, monotonic = () => performance.now() / 1000 } = options;
  assertNumber(toleranceSeconds, 'createSteadyClock', 'toleranceSeconds', { from: 1, to: 3600, example: 60 });
  assertPositiveNumber(settleSeconds, 'createSteadyClock', 'settleSeconds', 600);
  for (const [name, option] of Object.entries({ onStep, clock, monotonic })) {
    if (typeof option !== 'function') throw new TypeError(`createSteadyClock: ${name} must be a function`);
  }
  return { toleranceSeconds, settleSeconds, onStep, clock, monotonic };
}

const warnOfStepListener = warnOfFailure('onStep of a steady clock failed', 'PASSPORT_JWE_CLOCK');
