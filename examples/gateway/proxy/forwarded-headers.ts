import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

/** They speak of one connection, not of the message (RFC 9110 section 7.6.1), or of proxies. */
const OF_CONNECTION = /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|proxy(?:-.*)?)$/;

const COOKIES = /^(?:set-)?cookie2?$/;

/** What a client shows the gateway is not for those behind it, and it may not speak in the gateway's name. */
const OF_CLIENT =
  /^(?:authorization|x-api-key|host|expect|x-request-id|forwarded|via|x-forwarded-.*|x-real-ip)$/;

/** Which pages may read an answer is for the gateway to say, and what a request is called. */
const OF_UPSTREAM = /^(?:access-control-.*|(?:x-)?request-id)$/;

type Headers = Readonly<Record<string, string | string[]>>;

/** The headers of a request that go on to the upstream. */
export function requestHeaders(headers: IncomingHttpHeaders): Headers {
  return without(headers, [OF_CONNECTION, COOKIES, OF_CLIENT]);
}

/** The headers of an answer that go back to the client, whom the gateway may have told something under these names. */
export function copyAnswerHeaders(headers: IncomingHttpHeaders, res: ServerResponse): void {
  for (const [name, value] of Object.entries(without(headers, [OF_CONNECTION, COOKIES, OF_UPSTREAM]))) {
    if (name === 'vary') res.appendHeader(name, value);
    else if (!res.hasHeader(name)) res.setHeader(name, value);
  }
}

function without(headers: IncomingHttpHeaders, dropped: readonly RegExp[]): Headers {
  const named = namedByConnection(headers);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || named.has(name) || dropped.some((names) => names.test(name))
        ? []
        : [[name, value]],
    ),
  );
}

/** `Connection` names further headers of its hop; undici lists the lines where an upstream sends several. */
function namedByConnection({ connection = '' }: IncomingHttpHeaders): ReadonlySet<string> {
  const lines = [connection].flat();
  return new Set(lines.flatMap((line) => line.split(',')).map((name) => name.trim().toLowerCase()));
}
