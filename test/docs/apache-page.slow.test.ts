import { expect, test } from '@jest/globals';
import { APACHE_SECRET, describeWithApache } from '../support/apache-stack.js';
import { createProof, createProofSigner } from '../support/dpop-proofs.js';
import { valuesOf } from '../support/echo-backend.js';
import { sendRawTo } from '../support/http.js';
import { OTHER_AUDIENCE } from '../support/introspection-service.js';
import { ISSUER } from '../support/tokens.js';

const INVALID_TOKEN = 'Bearer realm="api", error="invalid_token"';

const IDENTITY = ['Subject', 'Issuer', 'Client', 'Scope', 'Token-Type'].map((name) => `X-Auth-${name}`);

const now = () => Math.floor(Date.now() / 1000);

describeWithApache('tokens with', (stack) => {
  test('forwards a request with an active token, with the identity in headers', async () => {
    const { status } = await stack.get(stack.token);
    const [received] = stack.backend.take();

    expect(status).toBe(200);
    expect(received).toMatchObject({ method: 'GET', url: '/documents/7' });
    expect(IDENTITY.map((name) => received && valuesOf(received, name))).toEqual([
      ['alice'],
      [ISSUER],
      ['demo'],
      ['read:documents write:documents'],
      ['api_call'],
    ]);
    expect(received && valuesOf(received, 'X-Auth-Expires')).toEqual([expect.stringMatching(/^\d{10}$/)]);
    expect(received && valuesOf(received, 'Authorization')).toEqual([]);
  });

  test.each([
    ['no token', undefined],
    ['another scheme', 'Basic YTpi'],
    ['a malformed header', 'Bearer a b'],
    ['a token that cannot be decrypted', 'Bearer abc'],
  ])('responds with 401 and one challenge to %s', async (_name, value) => {
    const lines = value === undefined ? [] : [`Authorization: ${value}`];
    const { status, headers } = await sendRawTo(stack.apache.port, ['GET /documents/ HTTP/1.1', ...lines]);

    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/^Bearer realm="api"/);
    expect(headers['www-authenticate']).not.toContain('\n');
    expect(stack.backend.take()).toEqual([]);
  });

  test('rejects tokens for a different audience, also those that Apache may introspect', async () => {
    const { status, headers } = await stack.get(await stack.service.obtain({ audience: OTHER_AUDIENCE }));

    expect([status, headers.get('www-authenticate')]).toEqual([401, INVALID_TOKEN]);
    expect(stack.service.takeCount()).toBe(1);
    expect(stack.backend.take()).toEqual([]);
  });

  test('rejects a token that is bound to a key, also without its proof', async () => {
    const signer = createProofSigner();
    const proof = createProof(signer, {
      method: 'POST',
      url: `${stack.service.origin}/oauth/token`,
      claims: { iat: now() },
    });
    const bound = await stack.service.obtain({}, { DPoP: proof });
    const { status, headers } = await stack.get(bound);

    expect(bound).toMatch(/^ey/);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe(INVALID_TOKEN);
    expect(stack.backend.take()).toEqual([]);
  });

  test.each(['write:documents', 'read:documents-all'])(
    'responds with 403 to a token with the scope %s',
    async (scope) => {
      const { status, headers } = await stack.get(await stack.service.obtain({ scope }));

      expect(status).toBe(403);
      expect(headers.get('www-authenticate')).toBe(
        'Bearer realm="api", error="insufficient_scope", scope="read:documents"',
      );
      expect(stack.backend.take()).toEqual([]);
    },
  );

  test('rejects an expired token', async () => {
    const issuer = stack.service.createIssuer(() => now() - 3600);
    const expired = await issuer.issue({ subject: 'alice', scope: ['read:documents'] });

    expect((await stack.get(expired.token)).status).toBe(401);
    expect(stack.service.takeCount()).toBe(1);
  });

  test('rejects a revoked token immediately', async () => {
    const revoked = await stack.service.obtain();
    const before = (await stack.get(revoked)).status;
    await stack.service.revoke(revoked);
    const after = (await stack.get(revoked)).status;

    expect([before, after, stack.service.takeCount()]).toEqual([200, 401, 2]);
    expect(stack.backend.take()).toHaveLength(1);
  });

  test('accepts no token during an outage, and accepts it again afterwards', async () => {
    stack.service.setUnavailable(true);
    const during = (await stack.get(stack.token)).status;
    stack.service.setUnavailable(false);

    expect([during, (await stack.get(stack.token)).status]).toEqual([401, 200]);
    expect(stack.backend.take()).toHaveLength(1);
  });

  test('writes no token and no secret to its error log', async () => {
    await stack.get(stack.token);
    await stack.get('abc');
    const errors = await stack.apache.readErrors();

    expect(errors).toContain('documents');
    expect(errors).not.toContain(stack.token.slice(0, 60));
    expect(errors).not.toContain(APACHE_SECRET);
  });
});
