import { retry } from '../base/retry.js';
import { answerSuspicion, type SuspicionAnswer } from './answer-suspicion.js';
import type { SuspiciousUse } from './suspicious-use.js';

/** Pause before an answer that failed is tried again; each further one is twice as long, up to the longest. */
const BACKOFF = { firstPauseMs: 1000, longestPauseMs: 32_000 };

/** With these pauses, ten minutes. */
const RETRIES = 23;

/** Answers that are tried again at a time. */
const MAX_WAITING = 1000;

/** An answer that failed, and is to be tried again. */
interface WaitingAnswer {
  retriesLeft: number;
}

/**
 * Makes the answers to alerts. Most fail because the store is out of reach, and many an alert comes only once, so an
 * answer that fails is tried again for ten minutes; its first failure is reported, and that it was given up.
 * @returns what makes an answer; never rejects. Answers to alerts of one name wait as one.
 */
export function retryAnswers(
  answer: SuspicionAnswer,
  report: (error: unknown) => void,
): (name: string, alert: SuspiciousUse) => Promise<void> {
  const waiting = new Map<string, WaitingAnswer>();

  /** What waits revokes up to the second in which it succeeds, and so answers later alerts too. */
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
    report(new Error(`The answer to an alert was given up: ${kind}`, { cause }));

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
