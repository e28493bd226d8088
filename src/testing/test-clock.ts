import { type Clock, isNumericDate, type NumericDate, systemClock } from '../base/clock.js';
import { type Duration, toSeconds } from '../base/duration.js';

/** A clock that stands still until the test moves it. */
export interface TestClock extends Clock {
  /**
   * Move the clock forward.
   *
   * @throws TypeError if the duration is neither a positive number of seconds nor a string such as `'5m'`
   *
   * @example
   * clock.advance('5m');
   */
  advance(duration: Duration): void;
  /**
   * Set the clock, also to an earlier time.
   *
   * @throws TypeError if the time is neither a valid `Date` nor a NumericDate
   *
   * @example
   * clock.set(new Date('2030-01-01T00:00:00Z'));
   */
  set(time: Date | NumericDate): void;
}

/**
 * Create a clock for the option `clock` of the application under test and of `mintToken()`.
 *
 * @param start first time of the clock, by default the system time
 * @throws TypeError if the start is neither a valid `Date` nor a NumericDate
 *
 * @example
 * const clock = createTestClock();
 * const token = await mintToken({ clock, lifetime: '5m' });
 * clock.advance('6m'); // the token has expired
 */
export function createTestClock(start: Date | NumericDate = systemClock()): TestClock {
  let now = toNumericDate(start, 'createTestClock: start');
  return Object.freeze(
    Object.assign(() => now, {
      advance(duration: Duration): void {
        now = toNumericDate(
          now + toSeconds(duration, 'clock.advance', 'duration'),
          'clock.advance: the new time',
        );
      },
      set(time: Date | NumericDate): void {
        now = toNumericDate(time, 'clock.set: time');
      },
    }),
  );
}

function toNumericDate(time: unknown, name: string): NumericDate {
  const seconds = time instanceof Date ? time.getTime() / 1000 : time;
  if (isNumericDate(seconds)) return seconds;
  throw new TypeError(
    `${name} must be a valid Date or a NumericDate: seconds since 1970, for example Date.now() / 1000`,
  );
}
