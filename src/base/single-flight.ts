/** A step of which at most one run is in flight. */
export interface SingleFlight<Args extends readonly unknown[], Result> {
  /** Starts the step, or joins the run in flight and ignores the arguments. */
  run(...args: Args): Promise<Result>;
  /** The run in flight; `undefined` if there is none. */
  readonly pending: Promise<Result> | undefined;
}

/**
 * Lets concurrent callers share one run of a step, including its result or failure.
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
