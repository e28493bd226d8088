/** Time in milliseconds without retries. It exceeds the delays between the attempts of common clients. */
const SUSPENSION_MS = 60_000;

/** Models whose retries failed, and the times at which retries are allowed again. */
const suspended = new WeakMap<object, number>();

/** Decides for one request to a provider whether the gateway retries it. */
export interface RetryPermit {
  readonly mayRetry: boolean;
  /** Called if retries failed, or if the request failed without the retries that its failure would permit. */
  onExhausted(): void;
}

/**
 * Runs a request to the providers of a model. If its retries fail, later requests to the model are not retried, until one
 * succeeds or none fails for a minute. Otherwise, clients that ignore `x-should-retry` would multiply the retries.
 *
 * @param model configuration of the model for one API key.
 * @param now time in milliseconds.
 */
export async function suspendRetries<Answer>(
  model: object,
  send: (permit: RetryPermit) => Promise<Answer>,
  now: () => number = () => performance.now(),
): Promise<Answer> {
  const answer = await send({
    mayRetry: (suspended.get(model) ?? 0) <= now(),
    onExhausted: () => void suspended.set(model, now() + SUSPENSION_MS),
  });
  suspended.delete(model);
  return answer;
}
