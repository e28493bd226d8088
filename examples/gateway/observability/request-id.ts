import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';

/** Assigns a request ID and sends it in the response: `request-id` for Anthropic's clients, `x-request-id` for all. */
export const nameRequests: RequestHandler = (_req, res, next) => {
  const id = `req_${randomUUID().replaceAll('-', '')}`;
  res.set({ 'X-Request-Id': id, 'Request-Id': id });
  next();
};

export function requestIdOf(res: Response): string {
  return res.get('x-request-id') ?? '';
}
