import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { forwardOnly } from '../../src/base/clock.js';
import {
  type ClockStep,
  createSteadyClock,
  type SteadyClock,
  type SteadyClockOptions,
} from '../../src/base/steady-clock.js';
import { createRandom } from '../support/random.js';
import { createSettableMachine, type SettableMachine } from '../support/settable-machine.js';
import { NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const HOUR = 3600;

let machine: SettableMachine;
let steps: ClockStep[] = [];

beforeEach(() => {
  machine = createSettableMachine();
  steps = [];
});

function createClock(options: Partial<SteadyClockOptions> = {}): SteadyClock {
  const { clock, monotonic } = machine;
  return createSteadyClock({ clock, monotonic, onStep: (step) => void steps.push(step), ...options });
}

describe('a steady clock', () => {
  test('equals the system time while that is not set', () => {
    const clock = createClock();
    machine.pass(12 * HOUR);

    expect([clock(), clock.earliest(), clock.isSteady()]).toEqual([NOW + 12 * HOUR, NOW + 12 * HOUR, true]);
    expect(steps).toEqual([]);
  });

  test('does not go back with the system time, and reports that it is not steady', () => {
    const clock = createClock();
    machine.pass(10);
    machine.set(-HOUR);

    expect(clock()).toBeCloseTo(machine.truth(), -1);
    expect(clock()).toBeGreaterThanOrEqual(NOW + 9);
    expect(clock.earliest()).toBe(NOW + 10 - HOUR);
    expect(clock.isSteady()).toBe(false);
    expect(steps).toEqual([{ seconds: -HOUR }]);
  });

  test('runs 10 % slower after a step back, until the system time has caught up', () => {
    const clock = createClock();
    machine.set(-HOUR);
    clock();
    machine.pass(5 * HOUR);
    expect(clock()).toBeCloseTo(NOW + 4.5 * HOUR);
    expect(clock.isSteady()).toBe(false);
    machine.pass(5 * HOUR);

    expect(clock()).toBeCloseTo(machine.clock());
    expect(clock.isSteady()).toBe(true);
  });

  test('is steady and correct as soon as a step back is reverted', () => {
    const clock = createClock();
    machine.set(-HOUR);
    clock();
    machine.set(HOUR);

    expect([clock(), clock.isSteady()]).toEqual([NOW, true]);
  });

  test('follows a system time that is set forward, and reports that it is not steady', () => {
    const clock = createClock();
    machine.set(HOUR);

    expect([clock(), clock.earliest(), clock.isSteady()]).toEqual([NOW + HOUR, NOW, false]);
    expect(steps).toEqual([{ seconds: HOUR }]);
  });

  test.each([1, 60, HOUR, 24 * HOUR])(
    'is correct as soon as a step forward is reverted after %d s, and not ahead of the system time',
    (seconds) => {
      const clock = createClock();
      machine.set(HOUR);
      clock();
      machine.pass(seconds);
      clock();
      machine.set(-HOUR);

      expect(clock()).toBe(machine.truth());
    },
  );

  test('is steady as soon as a step forward is reverted before it settled', () => {
    const clock = createClock();
    machine.set(HOUR);
    clock();
    machine.pass(300);
    machine.set(-HOUR);

    expect(clock.isSteady()).toBe(true);
  });

  test('trusts a new system time after settleSeconds, as after a suspension of the machine', () => {
    const clock = createClock({ settleSeconds: 100 });
    machine.sleep(8 * HOUR);
    expect([clock(), clock.isSteady()]).toEqual([machine.truth(), false]);
    machine.pass(99);
    expect(clock.isSteady()).toBe(false);
    machine.pass(1);

    expect([clock(), clock.isSteady()]).toEqual([machine.truth(), true]);
  });

  test.each([59, -59])('does not count a correction of %d s as a step', (seconds) => {
    const clock = createClock();
    machine.set(seconds);

    expect(clock.isSteady()).toBe(true);
    expect(steps).toEqual([]);
  });

  test.each([100, -100])('follows a system clock that drifts by %d parts per million', (parts) => {
    const clock = createClock();
    for (let hour = 0; hour < 24 * 90; hour += 1) {
      machine.pass(HOUR);
      machine.set((HOUR * parts) / 1_000_000);
      expect(Math.abs(clock() - machine.clock())).toBeLessThan(1);
    }

    expect(clock.isSteady()).toBe(true);
    expect(steps).toEqual([]);
  });

  test('never goes back or faster than real time, however often the system time is set back', () => {
    const clock = createClock();
    const random = createRandom(7);
    let before = clock();
    for (let turn = 0; turn < 10_000; turn += 1) {
      const passed = random() * 100;
      machine.pass(passed);
      if (random() < 0.3) machine.set(-random() * HOUR);
      const now = clock();
      expect(now).toBeGreaterThanOrEqual(before);
      expect(now - before).toBeLessThanOrEqual(passed + 0.001);
      before = now;
    }
  });

  test('returns the time even if onStep fails', () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const clock = createClock({
      onStep: () => {
        throw new Error('canary');
      },
    });
    machine.set(HOUR);

    expect(clock()).toBe(NOW + HOUR);
    expect(warnings.mock.calls.flat().join()).not.toContain('canary');
    warnings.mockRestore();
  });

  test('follows the system clock by default', () => {
    expect(Math.abs(createSteadyClock()() - Date.now() / 1000)).toBeLessThan(1);
  });

  test.each([
    { toleranceSeconds: 0 },
    { toleranceSeconds: 3601 },
    { settleSeconds: 0 },
    { settleSeconds: Number.NaN },
    { clock: 5 },
    { monotonic: 5 },
    { onStep: 5 },
    { tolerance: 5 },
  ])('rejects %j', (options) => {
    expect(() => createSteadyClock(untyped(options))).toThrow(TypeError);
  });
});

test('a clock for durations continues if the system time is set back', () => {
  const clock = forwardOnly(machine.clock);
  machine.pass(5);
  expect(clock()).toBe(NOW + 5);
  machine.set(-HOUR);
  expect(clock()).toBe(NOW + 5);
  machine.pass(5);
  expect(clock()).toBe(NOW + 10);
});
