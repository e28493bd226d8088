import type { OutgoingHttpHeaders } from 'node:http';

/** Response of Node.js or of another framework. */
export interface HeaderSink {
  readonly headersSent: boolean;
  getHeader(name: string): OutgoingHttpHeaders[string];
  setHeader(name: string, value: string): unknown;
}

const EXPOSED = 'Access-Control-Expose-Headers';

/**
 * Set `DPoP-Nonce`. Expose the header to web pages of other origins (RFC 9449 §8.2), and forbid caching unless the
 * application has set `Cache-Control`.
 */
export function sendNonce(res: HeaderSink | undefined, nonce: string): void {
  if (res === undefined || res.headersSent) return;
  res.setHeader('DPoP-Nonce', nonce);
  const exposed = res.getHeader(EXPOSED);
  // Several middleware can authenticate one request.
  if (exposed === undefined) res.setHeader(EXPOSED, 'DPoP-Nonce');
  else if (!/\bDPoP-Nonce\b/i.test(String(exposed))) res.setHeader(EXPOSED, `${exposed}, DPoP-Nonce`);
  if (res.getHeader('Cache-Control') === undefined) res.setHeader('Cache-Control', 'no-store');
}
