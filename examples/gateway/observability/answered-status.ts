import type { Response } from 'express';

/**
 * The status that the client was sent: none if it left, or was cut off, before there was an answer. The answer to a
 * pipelined request waits for the connection: until then it has no socket.
 */
export function answeredStatus(res: Response): number | undefined {
  const wasSent = res.writableFinished || (res.headersSent && res.socket !== null);
  return wasSent ? res.statusCode : undefined;
}
