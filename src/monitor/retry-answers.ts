import { retry } from '../base/retry.js';
import { answerSuspicion, type SuspicionAnswer } from './answer-suspicion.js';
import type { SuspiciousUse } from './suspicious-use.js';

/** Exponential backoff between retries. */
const BACKOFF = { firstPauseMs: 1000, longestPauseMs: 32_000 };

/** Number of retries. With this backoff, they take ten minutes. */
const RETRIES = 23;

/** Maximum number of answers that are retried concurrently. */
const MAX_WAITING = 1000;

/** Failed answer that is being retried. */
interface WaitingAnswer {
  retriesLeft: number;
}

/**
 * Create a function that answers alerts and retries failed answers for ten minutes. Retries are required, because an
 * alert may be raised only once, and the store may be unavailable then. The function reports the first failure, and a
 * final failure if all retries fail.
 *
 * @returns a function that answers an alert and never rejects. Retries for alerts with the same name are merged.
 */
export function retryAnswers(
  answer: SuspicionAnswer,
  report: (error: unknown) => void,
): (name: string, alert: SuspiciousUse) => Promise<void> {
  const waiting = new Map<string, WaitingAnswer>();

  /**
   * Merge an alert into a pending retry. The retry revokes all tokens issued up to the second in which it succeeds, so
   * it also answers later alerts.
   *
   * @returns `false` if no retry is pending
   */
  const joinWaiting = (name: string): boolean => {
    const other = waiting.get(name);
    if (other !== undefined) other.retriesLeft = RETRIES;
    return other !== undefined;
  };
  const answerLater = async (name: string, alert: SuspiciousUse): Promise<void> => {
    const own = { retriesLeft: RETRIES };
    waiting.set(name, own);
    const attempt = async (): Promise<void> => {
      own.retriesLeft -= 1;
      await answerSuspicion(answer, alert);
    };
    try {
      await retry(attempt, { ...BACKOFF, startsWithPause: true, isRetryable: () => own.retriesLeft > 0 });
    } finally {
      waiting.delete(name);
    }
  };
  const giveUp = ({ kind }: SuspiciousUse, cause: unknown): void =>
    report(
      new Error(
        `createMonitor: the revocation for ${kind} failed: check the revocation store and revoke manually`,
        { cause },
      ),
    );

  return async (name, alert) => {
    if (joinWaiting(name)) return;
    try {
      await answerSuspicion(answer, alert);
    } catch (failure) {
      report(failure);
      if (joinWaiting(name)) return;
      if (waiting.size >= MAX_WAITING) giveUp(alert, failure);
      else await answerLater(name, alert).catch((last: unknown) => giveUp(alert, last));
    }
  };
}
