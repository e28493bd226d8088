import type { RequestHandler } from 'express';
import { ModelApiError } from './model-api-error.js';

/**
 * Rejects WebSocket connections with 426 (RFC 9110 §15.5.22). OpenAI's clients then continue with HTTP at once. After other
 * statuses, they repeat the attempt several times.
 */
export const rejectUpgrade: RequestHandler = (req, res, next) => {
  if (!/\bwebsocket\b/i.test(req.get('upgrade') ?? '')) return next();
  res.set({ Upgrade: 'HTTP/1.1', Connection: 'Upgrade' });
  const message = 'This gateway does not support WebSockets: send requests with HTTP';
  throw new ModelApiError({ status: 426, type: 'invalid_request_error', code: 'upgrade_required', message });
};
