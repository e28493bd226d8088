import { type Clock, type NumericDate, systemClock } from './clock.js';
import { assertOptions, type KnownOptions } from './options.js';

/** The clock of the machine was set. */
export interface ClockStep {
  /** By how much, in seconds; negative where it was set back. */
  readonly seconds: number;
}

/** For the option `clock` of every part, and for a readiness probe. */
export interface SteadyClock extends Clock {
  earliest(): NumericDate;
  /**
   * Whether the clock of the machine goes as it did. False from a step on, until it is taken back or was followed by
   * `settleSeconds` without another one, and for as long as this clock is ahead of that of the machine.
   */
  isSteady(): boolean;
}

export interface SteadyClockOptions {
  /** Most by which a clock may be corrected without being a step, in seconds, from 1 to 3600. Default 60. */
  readonly toleranceSeconds?: number;
  /** How long the clock must have gone on after a step to be taken for right, in seconds. Default 600. */
  readonly settleSeconds?: number;
  /** Told of every step, when the time is asked for next. Default: nobody is. */
  readonly onStep?: (step: ClockStep) => void;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
  /** Seconds since any moment, by a clock that nobody can set. Default: `performance.now()`. */
  readonly monotonic?: () => number;
}

const KNOWN: KnownOptions<SteadyClockOptions> = {
  toleranceSeconds: true,
  settleSeconds: true,
  onStep: true,
  clock: true,
  monotonic: true,
};

/** Seconds a second by which it lets the clock of the machine catch up, and never more: it does not go back itself. */
const SLEW = 0.1;

/**
 * A clock that is safe to compare expiries with though somebody sets the clock of the machine. It is the later of that
 * clock and of the time that the process began with plus what passed since by a clock that nobody can set: so what has
 * expired stays so when the machine is set back, and a machine that slept is believed. The second one learns nothing
 * from a step forward, so one made by mistake has no effect any more once it is taken back. After a step back it goes
 * slower by a tenth until the two agree, since the step may as well have put right what was wrong from the start.
 * @throws TypeError for an option that makes no sense.
 */
export function createSteadyClock(options: SteadyClockOptions = {}): SteadyClock {
  const { clock, monotonic, toleranceSeconds, settleSeconds, onStep } = resolveOptions(options);
  // All of these are how far the clock of the machine is ahead of the monotonic one.
  let level = clock() - monotonic();
  let trusted = level;
  let floor = level;
  let askedAt = monotonic();
  let steppedAt = askedAt;

  const isNear = (one: number, other: number): boolean => Math.abs(one - other) <= toleranceSeconds;
  const look = () => {
    const now = monotonic();
    const offset = clock() - now;
    const slewed = SLEW * Math.max(0, now - askedAt);
    const stepSeconds = offset - level;
    askedAt = now;
    level = offset;
    if (offset < floor) floor = Math.max(offset, floor - slewed);
    else if (isNear(offset, floor)) floor = Math.min(offset, floor + slewed);
    if (Math.abs(stepSeconds) > toleranceSeconds) {
      steppedAt = now;
      tellSafely(onStep, { seconds: stepSeconds });
    }
    if (isNear(level, trusted) || now - steppedAt >= settleSeconds) trusted = level;
    return { now, offset };
  };
  const read = (): NumericDate => {
    const { now, offset } = look();
    return now + Math.max(offset, floor);
  };

  return Object.freeze(
    Object.assign(read, {
      earliest(): NumericDate {
        const { now, offset } = look();
        return now + Math.min(offset, floor);
      },
      isSteady(): boolean {
        const { offset } = look();
        return isNear(offset, trusted) && floor - offset <= toleranceSeconds;
      },
    }),
  );
}

function resolveOptions(options: SteadyClockOptions): Required<SteadyClockOptions> {
  assertOptions(options, KNOWN, 'createSteadyClock');
  const { toleranceSeconds = 60, settleSeconds = 600, onStep = () => {} } = options;
  const { clock = systemClock, monotonic = () => performance.now() / 1000 } = options;
  if (!(toleranceSeconds >= 1 && toleranceSeconds <= 3600)) {
    throw new TypeError('toleranceSeconds must be from 1 to 3600');
  }
  if (!(Number.isFinite(settleSeconds) && settleSeconds > 0)) {
    throw new TypeError('settleSeconds must be a positive number');
  }
  for (const [name, option] of Object.entries({ onStep, clock, monotonic })) {
    if (typeof option !== 'function') throw new TypeError(`${name} must be a function`);
  }
  return { toleranceSeconds, settleSeconds, onStep, clock, monotonic };
}

/** Whoever is told must not keep the time from those who ask for it. */
function tellSafely(onStep: (step: ClockStep) => void, step: ClockStep): void {
  try {
    onStep(Object.freeze(step));
  } catch (fault) {
    const name = fault instanceof Error ? fault.name : typeof fault;
    process.emitWarning(`onStep of a steady clock failed (${name})`, { code: 'PASSPORT_JWE_CLOCK' });
  }
}
