import { forwardProxy, milliseconds, origins, secureUrl, text, trustedProxies } from './kinds.js';
import { defaulted, optional, type ReadSetting } from './setting.js';

export function networkSettings(read: ReadSetting) {
  return {
    providerTimeoutMs: read(
      defaulted(milliseconds, {
        name: 'PROVIDER_TIMEOUT_MS',
        value: '300000',
        help: 'maximum wait in milliseconds for the response headers of a provider, and for each part of the body',
      }),
    ),
    httpsProxy: read(
      optional(forwardProxy, {
        name: 'HTTPS_PROXY',
        unset: 'none',
        help: 'URL of a forward proxy for connections to providers, except on loopback: `http` or `https`',
      }),
    ),
    noProxy: read(
      optional(text, {
        name: 'NO_PROXY',
        unset: 'none',
        help: 'comma-separated list of hosts that the gateway connects to without `HTTPS_PROXY`',
      }),
    ),
    proxyUpstream: read(
      optional(secureUrl, {
        name: 'PROXY_UPSTREAM',
        unset: 'none (no `/proxy` route)',
        help: 'target of `/proxy`: `https`, or `http` on loopback',
      }),
    ),
    proxyTimeoutMs: read(
      defaulted(milliseconds, {
        name: 'PROXY_TIMEOUT_MS',
        value: '30000',
        help: 'maximum wait in milliseconds for the response headers of the upstream',
      }),
    ),
    proxyIdleTimeoutMs: read(
      defaulted(milliseconds, {
        name: 'PROXY_IDLE_TIMEOUT_MS',
        value: '60000',
        help: 'maximum wait in milliseconds for each part of the body of the upstream',
      }),
    ),
    trustProxy: read(
      optional(trustedProxies, {
        name: 'TRUST_PROXY',
        unset: 'none',
        help: 'trusted proxies: their number, 1 to 9, or a comma-separated list of addresses and subnets',
      }),
    ),
    corsOrigins:
      read(
        optional(origins, {
          name: 'CORS_ORIGINS',
          unset: 'none',
          help: 'comma-separated list of origins whose pages can call the gateway, except `/oauth`',
        }),
      ) ?? [],
    keepAliveTimeoutMs: read(
      defaulted(milliseconds, {
        name: 'KEEP_ALIVE_TIMEOUT_MS',
        value: '65000',
        help: 'time in milliseconds before an idle connection closes; set it above the idle timeout of the load balancer',
      }),
    ),
  };
}
