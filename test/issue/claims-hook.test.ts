import { describe, expect, test } from '@jest/globals';
import { createDelegationApp } from '../support/delegation-app.js';
import { AUDIENCE } from '../support/tokens.js';

const FILES = {
  'app.yaml': `
api_key: sk-app
key_id: app
name: App
type: api_call
rate_limits: {}
users: true
permissions: [read, write]
scope_ttl: { write: 60 }
delegation: { subjects: [app], audiences: [${AUDIENCE}] }
`,
};

describe('a claims hook that changes its arguments', () => {
  test('cannot widen the scope of a delegated token', async () => {
    const app = await createDelegationApp(FILES, (_apiKey, { scope }) => {
      Reflect.set(scope, scope.length, 'admin');
      return {};
    });
    const { token } = await app.exchange('app', await app.obtain('app', { user: 'alice' }));

    expect((await app.verify(token)).scope).toEqual(['read', 'write']);
  });

  test('cannot prolong later tokens', async () => {
    const app = await createDelegationApp(FILES, (apiKey) => {
      Reflect.apply(Map.prototype.clear, apiKey.scopeTtlSeconds, []);
      return {};
    });
    await app.obtain('app');
    const { claims } = await app.verify(await app.obtain('app'));

    expect(claims.exp - claims.iat).toBe(60);
  });
});
