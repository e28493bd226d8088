import { createLoadTest } from '../http/load-test.js';
import { toTokenRequest } from './token-endpoint.js';

/**
 * Tokens for a user whom a directory verified less than a minute ago, and for one whom the client asserts.
 * @param {import('../token.js').Fixture} fixture
 */
export function createDirectoryScenario({ material }) {
  const requests = [toTokenRequest({ grant_type: 'client_credentials', user: 'alice' })];
  const candidates = [
    { name: 'asserted user', app: 'token router, users', requests },
    { name: 'user of a directory', app: 'token router, directory', requests },
  ];
  return createLoadTest('directory', candidates, material);
}
