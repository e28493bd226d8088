import { callIsolated } from './call-isolated.js';
import { type Clock, type NumericDate, systemClock } from './clock.js';
import { assertNumber, assertOptions, assertPositiveNumber, type KnownOptions } from './options.js';
import { warnOfFailure } from './warn-of-failure.js';

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

/** What the clocks say at a moment: all but `now` are how far the clock of the machine is ahead of the monotonic one. */
interface Sighting {
  /** By the monotonic clock. */
  readonly now: number;
  /** At present. */
  readonly offset: number;
  /** By the time that the process began with, which gives way slowly. */
  readonly floor: number;
  /** When it last went on for long enough without a step. */
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

/** Comes nearer to what it should be by as much as it may at most, upwards and downwards. */
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
    if (typeof option !== 'function') throw new TypeError(`${name} must be a function`);
  }
  return { toleranceSeconds, settleSeconds, onStep, clock, monotonic };
}

const warnOfStepListener = warnOfFailure('onStep of a steady clock failed', 'PASSPORT_JWE_CLOCK');
