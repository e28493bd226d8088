import { callIsolated } from './call-isolated.js';
import { type Clock, type NumericDate, systemClock } from './clock.js';
import { assertNumber, assertOptions, assertPositiveNumber, type KnownOptions } from './options.js';
import { warnOfFailure } from './warn-of-failure.js';

/** Change of the system time that exceeds the tolerance. */
export interface ClockStep {
  /** Size of the step in seconds. Negative if the clock was set back. */
  readonly seconds: number;
}

/** Clock that tolerates changes to the system time, for the option `clock` and for readiness probes. */
export interface SteadyClock extends Clock {
  earliest(): NumericDate;
  /**
   * Whether the system time can be trusted. Return `false` after a step, until the step is reverted or `settleSeconds`
   * pass without a further step. Also returns `false` while this clock is ahead of the system time.
   */
  isSteady(): boolean;
}

/** Options of `createSteadyClock()`. All of them are optional. */
export interface SteadyClockOptions {
  /** Maximum change of the system time that does not count as a step, in seconds, from 1 to 3600. Default 60. */
  readonly toleranceSeconds?: number;
  /** Time without a further step after which a new system time is trusted, in seconds. Default 600. */
  readonly settleSeconds?: number;
  /** Called for every step, when the clock is next read. Default: steps are not reported. */
  readonly onStep?: (step: ClockStep) => void;
  /** Clock to follow. Default: the system clock. */
  readonly clock?: Clock;
  /** Monotonic clock that returns seconds since an arbitrary time. Default: `performance.now() / 1000`. */
  readonly monotonic?: () => number;
}

const KNOWN: KnownOptions<SteadyClockOptions> = {
  toleranceSeconds: true,
  settleSeconds: true,
  onStep: true,
  clock: true,
  monotonic: true,
};

/** Maximum slew rate in seconds per second. A rate below 1 ensures that the clock never goes back. */
const SLEW = 0.1;

/**
 * Create a clock that tolerates changes to the system time, so that expired tokens stay expired.
 *
 * The clock returns the later of the system time and the projected time. The projected time is the process start time
 * plus the monotonic time that has elapsed since then.
 *
 * - After a step back, the clock does not go back. It runs 10 % slower until both times agree, because the step may
 *   have corrected a wrong start time.
 * - A step forward does not change the projected time. A mistaken step therefore has no effect after it is reverted.
 * - After a suspension of the machine, the system time is the later one.
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

/** Reading of both clocks, in seconds. Offsets are the difference between the system time and the monotonic time. */
interface Sighting {
  /** Time of the monotonic clock. */
  readonly now: number;
  /** Current offset. */
  readonly offset: number;
  /** Offset at the start of the process, slewed towards the current offset. */
  readonly floor: number;
  /** Latest offset that was free of steps for `settleSeconds`. */
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

/** Move a value towards a target by at most `up` or `down`. */
function giveWay(from: number, to: number, [up, down]: readonly [number, number]): number {
  return Math.max(from - down, Math.min(from + up, to));
}

/** Valid values of the options that are functions, for error messages. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  onStep: '(step) => console.warn(step)',
  clock: '() => Date.now() / 1000',
  monotonic: '() => performance.now() / 1000',
};

function resolveSteadyClockOptions(options: SteadyClockOptions): Required<SteadyClockOptions> {
  assertOptions(options, KNOWN, 'createSteadyClock');
  const { toleranceSeconds = 60, settleSeconds = 600, onStep = () => {} } = options;
  const { clock = systemClock, monotonic = () => performance.now() / 1000 } = options;
  assertNumber(toleranceSeconds, 'createSteadyClock', 'toleranceSeconds', { from: 1, to: 3600, example: 60 });
  assertPositiveNumber(settleSeconds, 'createSteadyClock', 'settleSeconds', 600);
  for (const [name, option] of Object.entries({ onStep, clock, monotonic })) {
    if (typeof option !== 'function') {
      throw new TypeError(`createSteadyClock: ${name} must be a function, for example ${FUNCTIONS[name]}`);
    }
  }
  return { toleranceSeconds, settleSeconds, onStep, clock, monotonic };
}

const warnOfStepListener = warnOfFailure(
  'createSteadyClock: the onStep callback failed',
  'PASSPORT_JWE_CLOCK',
);
