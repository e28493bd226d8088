import type { ErrorRequestHandler, Request } from 'express';
import { PassportJweError } from 'passport-jwe';
import type { DpopMode } from '../dpop.js';
import { noteFailure } from '../observability/noted-failures.js';
import { requestIdOf } from '../observability/request-id.js';
import { adviseCredential } from './advise-credential.js';
import { describeFailure, describeModelError } from './describe-model-error.js';
import { drainBody } from './drain-body.js';

/** Maximum `Retry-After` in seconds that official clients honour. For a longer delay, they would retry immediately. */
const MAX_PATIENCE_SECONDS = 60;

/** Scheme of the `Authorization` header of requests with a DPoP proof (RFC 9449 §7.1). */
const DPOP_SCHEME = /^DPoP /i;

/** Options of `answerModelErrors()`. */
export interface ModelErrorOptions {
  readonly dpop: DpopMode;
  /** URL of the gateway as clients see it, for advice to clients. */
  readonly publicUrl: string;
}

/**
 * Creates a handler that answers failures below `/v1` with the status and headers of the failure. Its body follows
 * OpenAI's and Anthropic's formats.
 */
export function answerModelErrors({ dpop, publicUrl }: ModelErrorOptions): ErrorRequestHandler {
  const lacksProof = ({ headers: { authorization = '' } }: Request): boolean =>
    dpop === 'require' && !DPOP_SCHEME.test(authorization);
  const advise = (req: Request): string | undefined =>
    lacksProof(req) ? PROOF_REQUIRED : adviseCredential(req, publicUrl);

  return (failure, req, res, next) => {
    if (res.headersSent) return next(failure);
    drainBody(req);
    const detail = describeFailure(failure);
    if (detail.status >= 500) noteFailure(res, failure);
    if (failure instanceof PassportJweError) res.set(failure.headers);
    if (detail.retryAfterSeconds !== undefined) res.set('Retry-After', String(detail.retryAfterSeconds));
    const isTooLong = Number(res.get('Retry-After') ?? 0) > MAX_PATIENCE_SECONDS;
    if (isTooLong || detail.shouldRetry === false) res.set('X-Should-Retry', 'false');
    const advice = detail.status === 401 ? advise(req) : undefined;
    const shown = advice === undefined ? detail : { ...detail, message: advice };
    res.status(detail.status).json(describeModelError(shown, requestIdOf(res)));
  };
}

/** Message for clients without DPoP. It depends on the scheme of the request alone, not on the token. */
const PROOF_REQUIRED =
  'This gateway requires DPoP (RFC 9449): bind the token to a key, and send a proof with each request';
