import type { Request } from 'express';
import { freeBuffers } from './collect-garbage.js';

/**
 * Reads the body of a rejected request, and frees its buffers meanwhile. Otherwise, Node.js would read it, and V8 would
 * retain up to 64 MB of its buffers. A client that waits for `100 Continue` does not send the body (RFC 9110 §10.1.1).
 */
export function drainBody(req: Request): void {
  if (req.complete || req.get('expect') !== undefined) return;
  req.on('data', ({ length }: Buffer) => freeBuffers(length));
}
