import type { ErrorRequestHandler } from 'express';
import { PassportJweError } from 'passport-jwe';
import { noteFailure } from '../observability/noted-failures.js';
import { requestIdOf } from '../observability/request-id.js';
import { describeFailure, describeModelError } from './describe-model-error.js';

/** Maximum `Retry-After` in seconds that official clients honour. For a longer delay, they would retry immediately. */
const MAX_PATIENCE_SECONDS = 60;

/**
 * Answers failures below `/v1` with the status and headers of the failure. Its body follows OpenAI's and Anthropic's
 * formats.
 */
export const answerModelErrors: ErrorRequestHandler = (failure, _req, res, next) => {
  if (res.headersSent) return next(failure);
  const detail = describeFailure(failure);
  if (detail.status >= 500) noteFailure(res, failure);
  if (failure instanceof PassportJweError) res.set(failure.headers);
  if (detail.retryAfterSeconds !== undefined) res.set('Retry-After', String(detail.retryAfterSeconds));
  if (Number(res.get('Retry-After') ?? 0) > MAX_PATIENCE_SECONDS) res.set('X-Should-Retry', 'false');
  res.status(detail.status).json(describeModelError(detail, requestIdOf(res)));
};
