/** A time on two clocks. The monotonic clock stops while the machine sleeps. The wall clock may be set back. */
export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function presentMoment(): Moment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}
