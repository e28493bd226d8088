import { API_KEY } from '../http/apps.js';
import { AMOUNT, CONNECTIONS, createLoadTest } from '../http/load-test.js';

/**
 * Exchanges an API key for access tokens, and refresh tokens for new ones. Each connection has its own chain.
 * @param {import('../token.js').Fixture} fixture
 */
export function createTokenEndpointScenario({ material }) {
  const issue = toTokenRequest({ grant_type: 'client_credentials' });
  const begin = toTokenRequest({ grant_type: 'client_credentials', scope: 'read:documents offline_access' });
  const refresh = { ...begin, body: 'grant_type=refresh_token&refresh_token={refresh_token}' };
  const chain = [begin, ...Array.from({ length: AMOUNT / CONNECTIONS - 1 }, () => refresh)];
  const candidates = [
    { name: 'bare', app: 'bare form', requests: [issue] },
    { name: 'client_credentials', app: 'token router', requests: [issue] },
    {
      name: 'refresh_token',
      app: 'token router',
      isChain: true,
      requests: Array.from({ length: CONNECTIONS }, () => chain).flat(),
    },
  ];
  return createLoadTest('HTTP, token endpoint', candidates, material);
}

/** @param {Record<string, string>} parameters */
export function toTokenRequest(parameters) {
  return {
    method: 'POST',
    path: '/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-api-key': API_KEY },
    body: new URLSearchParams(parameters).toString(),
  };
}
