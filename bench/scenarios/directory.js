import { AMOUNT, CONNECTIONS, createLoadTest } from '../http/load-test.js';
import { toTokenRequest } from './token-endpoint.js';

/**
 * Tokens and refreshes for a user whom a directory verified less than a minute ago, and for one whom the client asserts.
 * @param {import('../token.js').Fixture} fixture
 */
export function createDirectoryScenario({ material }) {
  const issue = toTokenRequest({ grant_type: 'client_credentials', user: 'alice' });
  const begin = toTokenRequest({
    ...{ grant_type: 'client_credentials', user: 'alice', scope: 'read:documents offline_access' },
  });
  const refresh = { ...begin, body: 'grant_type=refresh_token&refresh_token={refresh_token}' };
  const chain = [begin, ...Array.from({ length: AMOUNT / CONNECTIONS - 1 }, () => refresh)];
  const refreshes = Array.from({ length: CONNECTIONS }, () => chain).flat();
  const candidates = [
    { name: 'asserted user', app: 'token router, users', requests: [issue] },
    { name: 'user of a directory', app: 'token router, directory', requests: [issue] },
    { name: 'refresh, asserted user', app: 'token router, users', requests: refreshes },
    { name: 'refresh, directory', app: 'token router, directory', requests: refreshes },
  ];
  return createLoadTest('directory', candidates, material);
}
