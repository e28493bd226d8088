import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { Settings } from '../settings.js';

const CONNECT_TIMEOUT_MS = 5000;

/** Hosts of this machine. A forward proxy would connect to its own machine instead. */
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Creates a pool of keep-alive connections to the providers. `providerTimeoutMs` limits the wait for the response
 * headers and for each chunk of the body. With `httpsProxy`, the connections are tunnels through the proxy (RFC 9110
 * §9.3.6), so the proxy cannot read the requests.
 */
export function connectProviders({
  providerTimeoutMs,
  httpsProxy,
  noProxy = '',
}: Pick<Settings, 'providerTimeoutMs' | 'httpsProxy' | 'noProxy'>): Dispatcher {
  const tls = { timeout: CONNECT_TIMEOUT_MS };
  const timeouts = { headersTimeout: providerTimeoutMs, bodyTimeout: providerTimeoutMs };
  // undici recognizes `*` only without other hosts.
  const bypassesAll = noProxy.split(/[,\s]/).includes('*');
  if (httpsProxy === undefined || bypassesAll) return new Agent({ connect: tls, ...timeouts });
  return new EnvHttpProxyAgent({
    ...{ httpsProxy, httpProxy: '', noProxy: [...LOOPBACK, noProxy].join(',') },
    ...{ connect: tls, proxyTls: tls, ...timeouts },
  });
}
