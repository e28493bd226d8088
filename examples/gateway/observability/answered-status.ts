import type { Response } from 'express';

/** The status that the client was told: none where it left, or was cut off, before there was an answer. */
export function answeredStatus(res: Response): number | undefined {
  return res.headersSent ? res.statusCode : undefined;
}
