import { ModelApiError } from './model-api-error.js';

/** Time in milliseconds without retries. It exceeds the delays between the attempts of common clients. */
const SUSPENSION_MS = 60_000;

/** Models whose retries failed, and the times at which retries are allowed again. */
const suspended = new WeakMap<object, number>();

/**
 * Runs a request to the providers of a model. If its retries fail, later requests to the model are not retried, until one
 * succeeds or none fails for a minute. Otherwise, clients that ignore `x-should-retry` would multiply the retries.
 *
 * @param model configuration of the model for one API key.
 * @param send sends the request. The argument is whether it can be retried.
 * @param now time in milliseconds.
 */
export async function suspendRetries<Answer>(
  model: object,
  send: (mayRetry: boolean) => Promise<Answer>,
  now: () => number = () => performance.now(),
): Promise<Answer> {
  const mayRetry = (suspended.get(model) ?? 0) <= now();
  try {
    const answer = await send(mayRetry);
    suspended.delete(model);
    return answer;
  } catch (failure) {
    if (failsAgain(failure, mayRetry)) suspended.set(model, now() + SUSPENSION_MS);
    throw failure;
  }
}

/** Whether a request failed after retries, or during a suspension. */
function failsAgain(failure: unknown, mayRetry: boolean): boolean {
  if (!(failure instanceof ModelApiError)) return false;
  return failure.detail.shouldRetry === false || (!mayRetry && failure.detail.status >= 500);
}
