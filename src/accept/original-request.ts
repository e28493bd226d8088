import type { Request } from 'express';
import { createAddressSet } from '../base/address-set.js';
import { AccessDeniedError, InvalidRequestError } from '../base/errors.js';
import { readFields } from '../http/read-fields.js';

/**
 * Headers in which a proxy sends the method and the target of the original request.
 *
 * @inline
 */
export type OriginalRequestHeaders = 'x-original' | 'x-forwarded';

const HEADERS = {
  'x-original': { method: 'x-original-method', target: 'x-original-uri' },
  'x-forwarded': { method: 'x-forwarded-method', target: 'x-forwarded-uri' },
} as const;

const LOOPBACK = ['127.0.0.1', '::1'];

/** Method (RFC 9110 §9.1). */
const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Request target in origin form (RFC 9112 §3.2.1), or the asterisk form of `OPTIONS`. */
const TARGET = /^(?:\/[\x21-\x7e\x80-\xff]*|\*)$/;

/**
 * Path that proxies, guards and services read differently: with dot segments (RFC 3986 §5.2.4), also percent-encoded or
 * with parameters (`..;`), or with characters that no path contains. Clients remove dot segments before they send a request.
 */
const AMBIGUOUS = /^[^?]*(?:[\\#]|(?:\/|%2f|%5c)(?:\.|%2e){1,2}(?:[/?;]|%2f|%5c|%3b|$))/i;

/**
 * Create a function that returns the original request of a request for forward authentication: the same request with the
 * method and the target that the client has sent to the proxy.
 *
 * @param proxies addresses of the proxies. Default: loopback
 * @param headers headers that the proxy sends
 * @returns function that throws an `AccessDeniedError` if the peer is not a proxy, or the proxy does not send the headers,
 *   and an `InvalidRequestError` if their values are malformed
 * @throws TypeError if an option is malformed
 */
export function createOriginalRequestReader(
  proxies: readonly string[] = LOOPBACK,
  headers: OriginalRequestHeaders = 'x-original',
): (req: Request) => Request {
  const peers = createAddressSet(proxies, 'forwardAuth: proxies');
  if (!Object.hasOwn(HEADERS, headers))
    throw new TypeError(
      `forwardAuth: originalRequest must be one of ${Object.keys(HEADERS).join(', ')}: the headers that your proxy sets`,
    );
  const names = HEADERS[headers];
  const warn = createWarning();
  const read = (req: Request, name: string): string => {
    const [value, ...others] = readFields(req, name);
    if (value !== undefined && others.length === 0) return value;
    warn(`without exactly one header ${name}: let the proxy set it`);
    throw new AccessDeniedError();
  };

  return (req) => {
    if (!peers.has(req.socket.remoteAddress)) {
      warn('from a peer that is not in the option proxies: add the address of the proxy');
      throw new AccessDeniedError();
    }
    const [method, target] = [read(req, names.method), read(req, names.target)];
    if (!METHOD.test(method) || !TARGET.test(target) || AMBIGUOUS.test(target))
      throw new InvalidRequestError('The method or the target of the original request is malformed');
    return withTarget(req, method, target);
  };
}

/** Derive a request with a different target. It has no mount path, because the target is that of the proxy. */
function withTarget(req: Request, method: string, target: string): Request {
  const property = (value: string) => ({ value, writable: true, enumerable: true, configurable: true });
  return Object.create(req, {
    method: property(method),
    url: property(target),
    originalUrl: property(target),
    baseUrl: property(''),
  });
}

/** Create a function that warns once about the configuration. The response does not reveal this mistake. */
function createWarning(): (cause: string) => void {
  let warned = false;
  return (cause) => {
    if (warned) return;
    warned = true;
    process.emitWarning(`forwardAuth rejected a request ${cause}`, { code: 'PASSPORT_JWE_FORWARD_AUTH' });
  };
}
