/** Step with at most one run in flight. */
export interface SingleFlight<Args extends readonly unknown[], Result> {
  /** Start the step. If a run is in flight, return the promise of that run and ignore the arguments. */
  run(...args: Args): Promise<Result>;
  /** Promise of the run in flight, or `undefined`. */
  readonly pending: Promise<Result> | undefined;
}

/**
 * Create a step whose concurrent callers share one run, including its result or failure.
 *
 * @example
 * const load = createSingleFlight(() => fetchJwks(url));
 * const [one, same] = await Promise.all([load.run(), load.run()]);
 */
export function createSingleFlight<Args extends readonly unknown[], Result>(
  step: (...args: Args) => Promise<Result>,
): SingleFlight<Args, Result> {
  let pending: Promise<Result> | undefined;

  return {
    run(...args) {
      pending ??= step(...args).finally(() => {
        pending = undefined;
      });
      return pending;
    },
    get pending() {
      return pending;
    },
  };
}
