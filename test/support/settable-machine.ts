import type { Clock, NumericDate } from '../../src/base/clock.js';
import { NOW } from './tokens.js';

/** A machine on which time passes, and whose clock somebody sets. */
export interface SettableMachine {
  /** What its clock says. */
  readonly clock: Clock;
  readonly monotonic: () => number;
  /** What it would say if nobody had ever set it. */
  readonly truth: () => NumericDate;
  pass(seconds: number): void;
  /** Sets its clock by so many seconds. */
  set(seconds: number): void;
  /** Its clock goes on, the monotonic one does not. */
  sleep(seconds: number): void;
}

export function createSettableMachine(): SettableMachine {
  const time = { passed: 0, slept: 0, set: 0 };
  const truth = (): NumericDate => NOW + time.passed + time.slept;
  return {
    clock: () => truth() + time.set,
    monotonic: () => 1000 + time.passed,
    truth,
    pass: (seconds) => {
      time.passed += seconds;
    },
    set: (seconds) => {
      time.set += seconds;
    },
    sleep: (seconds) => {
      time.slept += seconds;
    },
  };
}
