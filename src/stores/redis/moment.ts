/** Monotonic time stands still while a machine sleeps, and the wall clock may be set back: the later one counts. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function presentMoment(): Moment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}
