import { describe, expect, jest, test } from '@jest/globals';
import { createTestClock } from 'passport-jwe/testing';
import { untypedValue } from '../support/untyped.js';

describe('a test clock', () => {
  test('starts at the system time and stands still', () => {
    const systemTime = jest.spyOn(Date, 'now').mockReturnValue(1_900_000_000_000);
    const clock = createTestClock();
    systemTime.mockReturnValue(1_900_000_060_000);

    expect(clock()).toBe(1_900_000_000);
    systemTime.mockRestore();
  });

  test.each([
    ['a NumericDate', 1_900_000_000],
    ['a Date', new Date(1_900_000_000_000)],
  ])('starts at %s', (_form, start) => {
    expect(createTestClock(start)()).toBe(1_900_000_000);
  });

  test.each([
    ['5m' as const, 300],
    [0.5, 0.5],
    ['2d' as const, 172_800],
  ])('advances by %j', (duration, seconds) => {
    const clock = createTestClock(1_900_000_000);
    clock.advance(duration);

    expect(clock()).toBe(1_900_000_000 + seconds);
  });

  test('is set to an earlier time', () => {
    const clock = createTestClock(1_900_000_000);
    clock.set(new Date('2020-01-01T00:00:00Z'));

    expect(clock()).toBe(1_577_836_800);
  });

  test.each([['5 minutes'], [-1], [0], [Number.NaN]])('does not advance by %j', (duration) => {
    expect(() => createTestClock().advance(untypedValue(duration))).toThrow(
      'clock.advance: duration must be a positive number of seconds, or a string such as "15m"',
    );
  });

  test.each([['tomorrow'], [new Date('tomorrow')], [Date.now()]])('takes no time such as %j', (time) => {
    const expected =
      'time must be a valid Date or a NumericDate: seconds since 1970, for example Date.now() / 1000';

    expect(() => createTestClock().set(untypedValue(time))).toThrow(`clock.set: ${expected}`);
    expect(() => createTestClock(untypedValue(time))).toThrow('createTestClock: start must be');
  });
});
