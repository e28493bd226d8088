import type { ErrorRequestHandler } from 'express';
import { PassportJweError } from 'passport-jwe';
import { noteFailure } from '../observability/noted-failures.js';
import { requestIdOf } from '../observability/request-id.js';
import { describeFailure, describeModelError } from './describe-model-error.js';

/** Official clients wait up to this time. For a longer `Retry-After`, they retry at once unless told not to. */
const MAX_PATIENCE_SECONDS = 60;

/**
 * Answers every failure below `/v1` with a body that all clients understand, and the status and headers of the failure.
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
