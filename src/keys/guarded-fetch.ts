import { lookup as lookupAddresses } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from '../base/is-public-address.js';
import { nameOfFailure } from '../base/name-of-failure.js';
import type { SendRequest } from './fetch-json.js';

export interface GuardedFetchOptions {
  /** Whether to connect to loopback, private and other special addresses. */
  readonly allowPrivate: boolean;
  /** Read the trusted certificate authorities in PEM. `undefined`: those of Node. */
  readonly readCa: () => Promise<string | undefined>;
  /**
   * Function that resolves host names.
   *
   * @default the `lookup` of `node:dns`
   */
  readonly lookup?: typeof lookupAddresses;
}

/**
 * Create a function that sends GET requests only to public addresses. The check applies to the addresses that the
 * socket connects to, so a later DNS answer cannot differ. Each request has its own connection, and redirects are not
 * followed.
 */
export function createGuardedFetch(options: GuardedFetchOptions): SendRequest {
  const { allowPrivate, readCa, lookup = lookupAddresses } = options;
  const guard = allowPrivate ? {} : { lookup: guardLookup(lookup) };
  return async (url, { headers, signal }) => {
    if (!allowPrivate) assertPublicLiteral(url);
    const ca = await readCa();
    // A pooled connection would skip the check of the address.
    const settings = {
      agent: false,
      headers: { ...headers, 'User-Agent': 'passport-jwe' },
      signal,
      ...guard,
    };
    const message = await open(url, ca === undefined ? settings : { ...settings, ca });
    const { statusCode: status = 0 } = message;
    if (status === 200) return { status, body: message };
    message.destroy();
    return { status, body: null };
  };
}

/** Send the request, and wait for the head of the response. */
async function open(url: URL, settings: RequestOptions): Promise<IncomingMessage> {
  // Loaded on first use, because most applications need no discovery.
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  try {
    return await new Promise((resolve, reject) => {
      const refuse = () => reject(new Error('the connection ended without a response'));
      // After a 101 response, Node ends the connection without an error event.
      request(url, settings)
        .on('response', resolve)
        .on('error', reject)
        .on('upgrade', refuse)
        .on('close', refuse)
        .end();
    });
  } catch (cause) {
    if (cause instanceof PrivateAddressError) throw cause;
    throw new Error(
      `${url.origin} is unavailable (${nameOfFailure(cause)}): check the URL, the network and the certificate`,
      { cause },
    );
  }
}

class PrivateAddressError extends Error {
  constructor(host: string) {
    super(
      `${host} has a loopback, private or special address: check the URL, or set allowPrivate to true if you trust the network`,
    );
  }
}

/** Check an IP address in a URL, because Node connects to it without a lookup. */
function assertPublicLiteral({ hostname }: URL): void {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new PrivateAddressError(hostname);
}

/** Resolve a host name once for each connection. Fail if any of its addresses is not public. */
function guardLookup(lookup: typeof lookupAddresses): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (failure, addresses) => {
      const [first] = addresses ?? [];
      if (failure !== null) return callback(failure, []);
      if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address)))
        return callback(new PrivateAddressError(hostname), []);
      if (options.all === true) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}
