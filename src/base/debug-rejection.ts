import { debugLog } from './debug-log.js';
import {
  InsufficientScopeError,
  InvalidClientError,
  InvalidGrantError,
  InvalidRequestError,
  InvalidTokenError,
  type PassportJweError,
  RateLimitExceededError,
} from './errors.js';
import { formatDebugFacts } from './format-debug-facts.js';
import { once } from './once.js';

/**
 * Prints why a request or a token was rejected, if debug lines are enabled. Call it once for each rejection, where its
 * audit event is recorded.
 *
 * @param where the function or endpoint that rejected.
 * @param describe returns further facts: names of the configuration, no secrets and no claims about the user. Called only
 *   if the line is printed.
 */
export function debugRejection(where: string, error: PassportJweError, describe?: () => object): void {
  if (!debugLog.enabled) return;
  const facts = { ...factsOf(error), ...describe?.() };
  void loadAdvice().then(({ REJECTION_ADVICE }) => {
    const token = tokenErrorOf(error);
    const advice = token && REJECTION_ADVICE[token.reason];
    const reasons = [...new Set([reasonOf(error), token?.reason])];
    const line = [
      ...[`${where} rejected: ${error.code}`, ...reasons, formatDebugFacts(facts)],
      ...(advice === undefined ? [`${error.message}.`] : [advice.cause, advice.fix]),
      `docs/reference/errors.md#${anchorOf(error)}`,
    ];
    debugLog('%s', line.filter((part) => part !== undefined && part !== '{}').join(' '));
  });
}

/** One promise for all lines, so that they keep their order. */
const loadAdvice = once(() => import('./rejection-advice.js'));

/** The error itself or, for a token exchange, its cause. */
function tokenErrorOf(error: PassportJweError): InvalidTokenError | undefined {
  if (error instanceof InvalidTokenError) return error;
  return error.cause instanceof InvalidTokenError ? error.cause : undefined;
}

function factsOf(error: PassportJweError): object {
  if (error instanceof InsufficientScopeError) return { required: error.scope };
  if (error instanceof RateLimitExceededError) return { violated: error.violated };
  const { token, ...detail } = tokenErrorOf(error)?.detail ?? {};
  return token?.kid === undefined ? detail : { kid: token.kid, ...detail };
}

function reasonOf(error: PassportJweError): string | undefined {
  const isReasoned =
    error instanceof InvalidTokenError ||
    error instanceof InvalidClientError ||
    error instanceof InvalidGrantError ||
    error instanceof InvalidRequestError;
  return isReasoned ? error.reason : undefined;
}

/** Section of the page. Some reasons are in several lists, so only reasons of tokens have unique anchors. */
function anchorOf(error: PassportJweError): string {
  if (error instanceof InvalidTokenError) return error.reason;
  if (error instanceof InvalidClientError) return 'client-rejection-reasons';
  if (error instanceof InvalidGrantError) return 'grant-rejection-reasons';
  return reasonOf(error) === undefined ? error.code.toLowerCase() : 'exchange-rejection-reasons';
}
