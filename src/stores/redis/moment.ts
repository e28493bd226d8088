/** A time on two clocks. Monotonic time stops while a machine sleeps, and the wall clock may be set back. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function presentMoment(): Moment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}
