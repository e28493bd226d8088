import { answerSuspicion, type SuspicionAnswer } from './answer-suspicion.js';
import type { SuspiciousUse } from './suspicious-use.js';

/** Pause before an answer that failed is tried again; each further one is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 32_000;

/** With these pauses, ten minutes. */
const RETRIES = 23;

/** Answers that are tried again at a time. */
const MAX_WAITING = 1000;

/** An answer that failed, and is to be tried again. */
interface WaitingAnswer {
  retriesLeft: number;
}

type Failed = { readonly failure: unknown } | undefined;

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

  const attempt = async (alert: SuspiciousUse): Promise<Failed> => {
    try {
      await answerSuspicion(answer, alert);
      return undefined;
    } catch (failure) {
      return { failure };
    }
  };
  /** What waits revokes up to the second in which it succeeds, and so answers later alerts too. */
  const joinWaiting = (name: string): boolean => {
    const other = waiting.get(name);
    if (other !== undefined) other.retriesLeft = RETRIES;
    return other !== undefined;
  };
  const retry = async (name: string, alert: SuspiciousUse): Promise<Failed> => {
    const own = { retriesLeft: RETRIES };
    waiting.set(name, own);
    let failed: Failed;
    for (
      let pauseMs = FIRST_PAUSE_MS;
      own.retriesLeft > 0;
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
    ) {
      await pause(pauseMs);
      own.retriesLeft -= 1;
      failed = await attempt(alert);
      if (failed === undefined) break;
    }
    waiting.delete(name);
    return failed;
  };

  return async (name, alert) => {
    if (joinWaiting(name)) return;
    const first = await attempt(alert);
    if (first === undefined) return;
    report(first.failure);
    if (joinWaiting(name)) return;
    const last = waiting.size < MAX_WAITING ? await retry(name, alert) : first;
    if (last !== undefined) report(givenUp(alert, last.failure));
  };
}

function givenUp({ kind }: SuspiciousUse, cause: unknown): Error {
  return new Error(`The answer to an alert was given up: ${kind}`, { cause });
}

/** Keeps no process alive. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref());
}
