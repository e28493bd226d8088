import type { OutgoingHttpHeaders } from 'node:http';
import type { AuthenticationOutcome } from './request-state.js';

/** Response of Node.js or of another framework. */
export interface HeaderSink {
  readonly headersSent: boolean;
  getHeader(name: string): OutgoingHttpHeaders[string];
  setHeader(name: string, value: string): unknown;
}

const EXPOSED = 'Access-Control-Expose-Headers';

/**
 * Set `DPoP-Nonce`, if the outcome has a nonce. Web pages of other origins can read it (RFC 9449 §8.2), and no cache keeps
 * the response, unless the application sets `Cache-Control`.
 */
export function sendNonce(res: HeaderSink | undefined, outcome: AuthenticationOutcome): void {
  if (outcome.kind === 'anonymous' || outcome.nonce === undefined) return;
  if (res === undefined || res.headersSent) return;
  res.setHeader('DPoP-Nonce', outcome.nonce);
  const exposed = res.getHeader(EXPOSED);
  // Several middleware can authenticate one request.
  if (exposed === undefined) res.setHeader(EXPOSED, 'DPoP-Nonce');
  else if (!/\bDPoP-Nonce\b/i.test(String(exposed))) res.setHeader(EXPOSED, `${exposed}, DPoP-Nonce`);
  if (res.getHeader('Cache-Control') === undefined) res.setHeader('Cache-Control', 'no-store');
}
