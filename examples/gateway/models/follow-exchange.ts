import type { Request, Response } from 'express';
import { admissionOf, onResponseFinished, verifiedToken } from 'passport-jwe';
import { requestIdOf } from '../observability/request-id.js';
import type { CompletionListener, CompletionRecord } from './completion-record.js';
import type { TokenUsage } from './token-usage.js';

/** Usage of a request that no provider has processed. */
export const NOTHING: TokenUsage = { inputTokens: 0, outputTokens: 0 };

/** Running model request, whose usage is settled exactly once. */
export interface Course {
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /** Sets the function that returns the usage at a disconnect. Until then, the reserved usage is charged. */
  follow(usageSoFar: () => TokenUsage): void;
  /**
   * Sets whether the gateway waits before a retry. A client that disconnects meanwhile is charged nothing, because no
   * provider has processed the request.
   */
  setWaiting(isWaiting: boolean): void;
  /** Settles the request with the actual usage. Only the first call has an effect. */
  end(outcome: CompletionRecord['outcome'], usage: TokenUsage): void;
}

/** Model request to follow, and its reserved usage. */
export interface CourseParts {
  readonly req: Request;
  readonly res: Response;
  readonly model: string;
  readonly reserved: TokenUsage;
  readonly onCompletion: CompletionListener;
}

/** Follows a model request until it is settled. A client that disconnects is charged for the usage so far. */
export function followExchange({ req, res, model, reserved, onCompletion }: CourseParts): Course {
  const startedAt = performance.now();
  const leaving = new AbortController();
  const admission = admissionOf(req);
  const clientId = verifiedToken(req).claims.client_id ?? '';
  let usageSoFar = (): TokenUsage => reserved;
  let isOver = false;

  const end: Course['end'] = (outcome, usage) => {
    if (isOver) return;
    isOver = true;
    // Not awaited, because the client must not wait. It cannot reject, because readCount() bounds the usage.
    void admission.settle({ tokens: usage.inputTokens + usage.outputTokens });
    const durationMs = performance.now() - startedAt;
    onCompletion({ requestId: requestIdOf(res), clientId, model, ...usage, outcome, durationMs });
  };
  onResponseFinished(res, () => {
    end('client_left', usageSoFar());
    leaving.abort();
  });

  return {
    signal: leaving.signal,
    follow(usage) {
      usageSoFar = usage;
    },
    setWaiting(isWaiting) {
      usageSoFar = () => (isWaiting ? NOTHING : reserved);
    },
    end,
  };
}
