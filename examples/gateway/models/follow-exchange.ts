import type { Request, Response } from 'express';
import { admissionOf, onResponseFinished, verifiedToken } from 'passport-jwe';
import { requestIdOf } from '../observability/request-id.js';
import type { CompletionListener, CompletionRecord } from './completion-record.js';
import type { TokenUsage } from './token-usage.js';

/** A running request to a model. It is settled once. */
export interface Course {
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /** Sets the usage that applies if the client disconnects. Before that, the reserved usage applies. */
  follow(usageSoFar: () => TokenUsage): void;
  /** Settles with the actual usage. Only the first call counts. */
  end(outcome: CompletionRecord['outcome'], usage: TokenUsage): void;
}

export interface CourseParts {
  readonly req: Request;
  readonly res: Response;
  readonly model: string;
  readonly reserved: TokenUsage;
  readonly onCompletion: CompletionListener;
}

/** A client that disconnects is charged for the received part, because the usage of the rest is unknown. */
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
    // Usage is bounded by readCount(), so that this never rejects, and the client does not wait for it.
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
    end,
  };
}
