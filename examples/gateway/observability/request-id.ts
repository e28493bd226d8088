import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

/** Assigns a request ID and returns it in `x-request-id`, and in `request-id` for Anthropic's clients. */
export const nameRequests: RequestHandler = (_req, res, next) => {
  const id = `req_${randomUUID().replaceAll('-', '')}`;
  res.set({ 'X-Request-Id': id, 'Request-Id': id });
  next();
};

/** Returns the request ID of a response. */
export function requestIdOf(res: Response): string {
  return res.get('x-request-id') ?? '';
}
