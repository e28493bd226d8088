import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

/**
 * Request headers that the upstream receives. All other headers are removed: credentials, cookies, the client address,
 * headers that override the method or path (`X-HTTP-Method-Override`, `X-Original-URL`), and headers that an upstream
 * trusts if they come from a proxy.
 */
const REQUEST_HEADERS: ReadonlySet<string> = new Set([
  // Content negotiation and preferences (RFC 9110 §12, RFC 7240).
  ...['accept', 'accept-charset', 'accept-encoding', 'accept-language', 'prefer', 'user-agent'],
  // Content and digests (RFC 9110 §8, RFC 9530).
  ...['content-type', 'content-length', 'content-encoding', 'content-language', 'content-disposition'],
  ...['content-digest', 'repr-digest', 'want-content-digest', 'want-repr-digest'],
  // Conditional and range requests (RFC 9110 §13 and §14), caches (RFC 9111), event streams.
  ...['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range', 'range'],
  ...['content-range', 'cache-control', 'pragma', 'last-event-id'],
  // Retries and traces (W3C Trace Context).
  ...['idempotency-key', 'traceparent', 'tracestate'],
]);

/** Hop-by-hop headers (RFC 9110 §7.6.1) and proxy headers. */
const OF_CONNECTION = /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy(?:-.*)?)$/;

const COOKIES = /^(?:set-)?cookie2?$/;

/** Response headers that the gateway sets itself: CORS headers, request IDs and nonces of DPoP proofs. */
const OF_UPSTREAM = /^(?:access-control-.*|dpop-nonce|(?:x-)?request-id)$/;

type Headers = Readonly<Record<string, string | string[]>>;

/** Returns the request headers to forward to the upstream, except those that `Connection` names. */
export function requestHeaders(headers: IncomingHttpHeaders): Headers {
  return pick(headers, (name) => REQUEST_HEADERS.has(name));
}

/** Copies response headers to the client, except those that the gateway sets. */
export function copyAnswerHeaders(headers: IncomingHttpHeaders, res: ServerResponse): void {
  const dropped = [OF_CONNECTION, COOKIES, OF_UPSTREAM];
  const kept = pick(headers, (name) => !dropped.some((names) => names.test(name)));
  for (const [name, value] of Object.entries(kept)) {
    if (name === 'vary') res.appendHeader(name, value);
    else if (!res.hasHeader(name)) res.setHeader(name, value);
  }
}

function pick(headers: IncomingHttpHeaders, isPassed: (name: string) => boolean): Headers {
  const named = namedByConnection(headers);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || named.has(name) || !isPassed(name) ? [] : [[name, value]],
    ),
  );
}

/** Returns the hop-by-hop headers that `Connection` names. undici returns several header lines as an array. */
function namedByConnection({ connection = '' }: IncomingHttpHeaders): ReadonlySet<string> {
  const lines = [connection].flat();
  return new Set(lines.flatMap((line) => line.split(',')).map((name) => name.trim().toLowerCase()));
}
