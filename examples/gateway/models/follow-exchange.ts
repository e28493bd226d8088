import type { Request, Response } from 'express';
import { admissionOf, onResponseFinished, verifiedToken } from 'passport-jwe';
import { requestIdOf } from '../observability/request-id.js';
import type { CompletionListener, CompletionRecord } from './completion-record.js';
import {
  estimateUnseen,
  limitEstimate,
  NOTHING,
  type TokenCounts,
  type TokenUsage,
  withUnseen,
} from './token-usage.js';
import type { StreamMeter } from './wire-format.js';

/** Running model request, whose usage is settled exactly once. */
export interface Course {
  /**
   * Returns a signal that is aborted when the client disconnects. Created on first use, because a signal costs time for
   * each request. No getter, because V8 allocates the getters of an object literal in the old generation. They would
   * retain the request until the next major garbage collection.
   */
  signal(): AbortSignal;
  /** Sets the function to call when the client disconnects. It replaces the previous one. */
  onLeave(listener: (reason: Error) => void): void;
  /** Sets the meter of a stream. It counts the usage at a disconnect once there is any output. */
  follow(meter: Pick<StreamMeter, 'awaitsOutput' | 'usage'>): void;
  /**
   * Sets whether a provider is processing the request, initially not. A client that disconnects meanwhile is charged an
   * estimate. Otherwise, for example during the wait before a retry, it is charged nothing.
   */
  setProcessing(isProcessing: boolean): void;
  /** Sets the request ID in the latest response of a provider, for the record. Ignores IDs with unusual characters. */
  setProviderRequestId(id: string | undefined): void;
  /** Settles the request with the actual usage. Only the first call has an effect. */
  end(outcome: CompletionRecord['outcome'], usage: TokenUsage): void;
}

/** Model request to follow, and its reserved usage. */
export interface CourseParts {
  readonly req: Request;
  readonly res: Response;
  readonly model: string;
  readonly reserved: TokenCounts;
  /** Number of answers that the provider generates at the same time. */
  readonly choices: number;
  readonly onCompletion: CompletionListener;
}

/** Reason of all aborts. A new error for each request would cost time for its stack. */
const CLIENT_LEFT = new DOMException('The client disconnected', 'AbortError');

/** Request IDs of known providers, for example `req_0123abc`. */
const REQUEST_ID = /^[\w.:+/=-]{1,128}$/;

/** Follows a model request until it is settled. A client that disconnects is charged for the usage so far. */
export function followExchange({ req, res, model, reserved, choices, onCompletion }: CourseParts): Course {
  const startedAt = performance.now();
  let leaving: AbortController | undefined;
  let onLeave = (_reason: Error): void => {};
  let hasLeft = false;
  const admission = admissionOf(req);
  const { client_id: clientId = '', sub: subject } = verifiedToken(req).claims;
  let providerRequestId: string | undefined;
  let usageSoFar = (): TokenUsage => NOTHING;
  let isOver = false;

  const end: Course['end'] = (outcome, usage) => {
    if (isOver) return;
    isOver = true;
    // Not awaited, because the client must not wait. It cannot reject, because readCount() bounds the usage.
    const charged = limitEstimate(usage, reserved);
    void admission.settle({ tokens: charged.inputTokens + charged.outputTokens });
    const durationMs = performance.now() - startedAt;
    const names = { requestId: requestIdOf(res), clientId, subject, model, providerRequestId };
    onCompletion({ ...names, ...charged, outcome, durationMs });
  };
  onResponseFinished(res, () => {
    hasLeft = true;
    // Settled: the response is complete, or the request failed.
    if (isOver) return;
    end('client_left', usageSoFar());
    leaving?.abort(CLIENT_LEFT);
    onLeave(CLIENT_LEFT);
  });

  return {
    signal() {
      leaving ??= new AbortController();
      if (hasLeft) leaving.abort(CLIENT_LEFT);
      return leaving.signal;
    },
    onLeave(listener) {
      onLeave = listener;
      if (hasLeft) listener(CLIENT_LEFT);
    },
    follow(meter) {
      const beforeOutput = usageSoFar;
      usageSoFar = () => (meter.awaitsOutput ? withUnseen(meter.usage, beforeOutput()) : meter.usage);
    },
    setProcessing(isProcessing) {
      const since = performance.now();
      usageSoFar = () =>
        isProcessing ? estimateUnseen(reserved, performance.now() - since, choices) : NOTHING;
    },
    setProviderRequestId(id) {
      providerRequestId = id !== undefined && REQUEST_ID.test(id) ? id : undefined;
    },
    end,
  };
}
