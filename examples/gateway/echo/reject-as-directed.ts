import type { Response } from 'express';
import type { Directives } from './read-directives.js';

/** Rejects a request with the status in its message, and with a body that is valid in each API format. */
export function rejectAsDirected(res: Response, { status, retryAfter, cut }: Directives): boolean {
  if (status === undefined) {
    if (cut !== 0) return false;
    res.destroy();
    return true;
  }
  if (retryAfter !== undefined) res.set('Retry-After', String(retryAfter));
  if (status >= 300 && status < 400) res.set('Location', 'http://127.0.0.1:1/');
  const error = {
    type: 'echo_error',
    code: 'as_requested',
    message: 'The echo model rejected the request as requested',
  };
  res.status(Math.min(599, Math.max(300, status))).json({ type: 'error', error });
  return true;
}
