import type { IncomingHttpHeaders } from 'node:http';

/** They speak of one connection, not of the message (RFC 9110 section 7.6.1). */
const HOP_BY_HOP = [
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['proxy-authenticate', 'proxy-authorization', 'proxy-authentication-info'],
];

/** What a client shows the gateway is not for those behind it, and it may not speak in the gateway's name. */
const OF_CLIENT = [
  ...['authorization', 'x-api-key', 'cookie', 'host', 'expect', 'x-request-id', 'forwarded', 'via'],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'],
];

/** Cookies of the upstream would be set for the gateway's own origin. */
const OF_UPSTREAM = ['set-cookie', 'x-request-id', 'request-id'];

type Headers = Readonly<Record<string, string | string[]>>;

/** The headers of a request that go on to the upstream. */
export function requestHeaders(headers: IncomingHttpHeaders): Headers {
  return without(headers, [...HOP_BY_HOP, ...OF_CLIENT]);
}

/** The headers of an answer that go back to the client. */
export function responseHeaders(headers: IncomingHttpHeaders): Headers {
  return without(headers, [...HOP_BY_HOP, ...OF_UPSTREAM]);
}

/** `Connection` names further headers of its hop. */
function without(headers: IncomingHttpHeaders, names: readonly string[]): Headers {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  const dropped = new Set([...names, ...named]);
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || dropped.has(name) ? [] : [[name, value]],
    ),
  );
}
