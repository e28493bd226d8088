import { debugLog } from './debug-log.js';
import { describeOutage } from './describe-outage.js';
import { InvalidDpopProofError } from './dpop-errors.js';
import {
  InsufficientScopeError,
  InvalidRequestError,
  InvalidTokenError,
  type PassportJweError,
  RateLimitExceededError,
  TemporarilyUnavailableError,
} from './errors.js';
import { formatDebugFacts } from './format-debug-facts.js';
import { once } from './once.js';
import type { RejectionAdvice } from './rejection-advice.js';
import type { DpopRejection, TokenRejection } from './rejections.js';
import { InvalidClientError, InvalidGrantError } from './token-endpoint-errors.js';

/**
 * Print why a request or a token was rejected, if debug lines are enabled. Call it once for each rejection, where its
 * audit event is recorded.
 *
 * @param where the function or endpoint that rejected.
 * @param describe returns further facts: names of the configuration, no secrets and no claims about the user. Called only
 *   if the line is printed.
 */
export function debugRejection(where: string, error: PassportJweError, describe?: () => object): void {
  if (!debugLog.enabled) return;
  const facts = { ...factsOf(error), ...describe?.() };
  const print = (advice?: RejectionAdvice): void => {
    const token = tokenErrorOf(error);
    const reasons = [...new Set([reasonOf(error), token?.reason])];
    const line = [
      ...[`${where} rejected: ${error.code}`, ...reasons, formatDebugFacts(facts)],
      ...(advice === undefined ? [`${error.message}.`] : [advice.cause, advice.fix]),
      `docs/reference/errors.md#${anchorOf(error)}`,
    ];
    debugLog('%s', line.filter((part) => part !== undefined && part !== '{}').join(' '));
  };
  loadAdvice().then(
    (advice) => print(adviceFor(error, advice)),
    () => print(),
  );
}

function adviceFor(error: PassportJweError, advice: AllAdvice): RejectionAdvice | undefined {
  if (error instanceof InvalidDpopProofError) return advice[error.reason];
  const token = tokenErrorOf(error);
  return token === undefined ? undefined : advice[token.reason];
}

type AllAdvice = Readonly<Record<TokenRejection | DpopRejection, RejectionAdvice>>;

/** One promise for all lines, so that they keep their order. */
const loadAdvice = once(async (): Promise<AllAdvice> => {
  const { REJECTION_ADVICE } = await import('./rejection-advice.js');
  const { DPOP_REJECTION_ADVICE } = await import('./dpop-rejection-advice.js');
  return { ...REJECTION_ADVICE, ...DPOP_REJECTION_ADVICE };
});

/** The error itself or, for a token exchange, its cause. */
function tokenErrorOf(error: PassportJweError): InvalidTokenError | undefined {
  if (error instanceof InvalidTokenError) return error;
  return error.cause instanceof InvalidTokenError ? error.cause : undefined;
}

function factsOf(error: PassportJweError): object {
  if (error instanceof InsufficientScopeError) return { required: error.scope };
  if (error instanceof RateLimitExceededError) return { violated: error.violated };
  if (error instanceof TemporarilyUnavailableError) return { cause: describeOutage(error.cause) };
  const { token, ...detail } = tokenErrorOf(error)?.detail ?? {};
  return token?.kid === undefined ? detail : { kid: token.kid, ...detail };
}

function reasonOf(error: PassportJweError): string | undefined {
  const isReasoned =
    error instanceof InvalidTokenError ||
    error instanceof InvalidDpopProofError ||
    error instanceof InvalidClientError ||
    error instanceof InvalidGrantError ||
    error instanceof InvalidRequestError;
  return isReasoned ? error.reason : undefined;
}

/**
 * Return the anchor in `docs/reference/errors.md`. Only reasons for rejecting tokens and DPoP proofs have their own anchors,
 * because other reasons appear in several lists.
 */
function anchorOf(error: PassportJweError): string {
  if (error instanceof InvalidTokenError || error instanceof InvalidDpopProofError) return error.reason;
  if (error instanceof InvalidClientError) return 'client-rejection-reasons';
  if (error instanceof InvalidGrantError) return 'grant-rejection-reasons';
  return reasonOf(error) === undefined ? error.code.toLowerCase() : 'exchange-rejection-reasons';
}
