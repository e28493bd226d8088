import type { StoreBounds, Stores } from '../../src/stores/stores.js';

/** Stores of one test, and the clock that they read. */
export interface StoresUnderTest {
  readonly open: (bounds?: StoreBounds) => Promise<Stores>;
  readonly setTime: (now: number) => void;
}
