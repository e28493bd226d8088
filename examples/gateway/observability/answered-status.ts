import type { Response } from 'express';

/**
 * Returns the status that the client received, or `undefined` if the connection closed before the response. A pipelined
 * response has no socket until the previous response is sent.
 */
export function answeredStatus(res: Response): number | undefined {
  const wasSent = res.writableFinished || (res.headersSent && res.socket !== null);
  return wasSent ? res.statusCode : undefined;
}
