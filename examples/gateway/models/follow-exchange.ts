import type { Request, Response } from 'express';
import { admissionOf, onResponseFinished, verifiedToken } from 'passport-jwe';
import { requestIdOf } from '../observability/request-id.js';
import type { CompletionListener, CompletionRecord } from './completion-record.js';
import type { TokenUsage } from './token-usage.js';

/** A request to a model on its way: how it ends is settled once. */
export interface Course {
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal;
  /** Says what a client has used that leaves from now on. Until then it has used what was reserved. */
  follow(usageSoFar: () => TokenUsage): void;
  /** Settles with what was used. Only the first end counts. */
  end(outcome: CompletionRecord['outcome'], usage: TokenUsage): void;
}

export interface CourseParts {
  readonly req: Request;
  readonly res: Response;
  readonly model: string;
  readonly reserved: TokenUsage;
  readonly onCompletion: CompletionListener;
}

/** A client that leaves pays for what it was sent; nobody knows what an answer cost that it did not wait for. */
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
    // It rejects no usage that readCount() bounds, and the client does not wait for it.
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
