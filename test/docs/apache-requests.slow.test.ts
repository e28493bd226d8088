import { expect, test } from '@jest/globals';
import { AMBIGUOUS_PATHS, pathsOf } from '../support/ambiguous-paths.js';
import { describeWithApache } from '../support/apache-stack.js';
import { valuesOf } from '../support/echo-backend.js';
import { sendRawTo } from '../support/http.js';
import { IDENTITY_HEADERS } from '../support/nginx-stack.js';

describeWithApache('requests through', (stack) => {
  test('replaces or removes identity headers of the client', async () => {
    const forged = IDENTITY_HEADERS.flatMap((name) => [name, name.toLowerCase()]);
    const lines = [...forged.map((name) => `${name}: admin`), `Authorization: Bearer ${stack.token}`];
    const { status } = await sendRawTo(stack.apache.port, ['GET /documents/ HTTP/1.1', ...lines]);
    const open = await sendRawTo(stack.apache.port, ['GET /open/ HTTP/1.1', ...lines]);
    const [received, unguarded] = stack.backend.take();

    expect([status, open.status]).toEqual([200, 200]);
    expect(received?.rawHeaders.join()).not.toContain('admin');
    expect(unguarded?.rawHeaders.join()).not.toContain('admin');
    expect(received && valuesOf(received, 'X-Auth-Subject')).toEqual(['alice']);
  });

  test.each(['X_Auth_Subject', 'x-auth_subject', 'X_Auth-Subject', 'X.Auth.Scope', 'X-Auth-Token_Type'])(
    'rejects the header %s of a client',
    async (name) => {
      const { status } = await stack.get(stack.token, { [name]: 'admin' });
      const open = await fetch(`${stack.apache.origin}/open/`, { headers: { [name]: 'admin' } });

      expect([status, open.status]).toEqual([403, 403]);
      expect(stack.backend.take()).toEqual([]);
    },
  );

  test.each([...IDENTITY_HEADERS, 'x_auth_scope'])(
    'rejects a Connection header that names %s',
    async (name) => {
      const lines = [`Connection: ${name.toLowerCase()}`, `Authorization: Bearer ${stack.token}`];
      const { status } = await sendRawTo(stack.apache.port, ['GET /documents/7 HTTP/1.1', ...lines]);

      expect(status).toBe(403);
      expect(stack.backend.take()).toEqual([]);
    },
  );

  test.each(AMBIGUOUS_PATHS)('lets no request without a token reach a guarded path by %s', async (path) => {
    const { status } = await sendRawTo(stack.apache.port, [`GET ${path} HTTP/1.1`]);
    const received = stack.backend.take();

    expect(received.flatMap(pathsOf).filter((each) => !each.startsWith('/open/'))).toEqual([]);
    expect(received.length === 0 ? [401, 403, 404] : [200]).toContain(status);
  });

  test('rejects a scope that decodes to a different scope', async () => {
    const issuer = stack.service.createIssuer();
    const { token: minted } = await issuer.issue({
      subject: 'alice',
      scope: ['read:documents', 'write%3Adocuments'],
    });

    expect((await stack.get(minted)).status).toBe(403);
    expect(stack.backend.take()).toEqual([]);
  });

  test('forwards no token and no proof', async () => {
    await stack.get(stack.token, { DPoP: 'a.b.c' });
    const [received] = stack.backend.take();

    expect(received && ['Authorization', 'DPoP'].flatMap((name) => valuesOf(received, name))).toEqual([]);
  });

  test('forwards subjects with any characters, percent-encoded', async () => {
    const subject = "Jörg, 100% a+b;&!'()*";
    const issuer = stack.service.createIssuer();
    const { token: minted } = await issuer.issue({ subject, scope: ['read:documents'] });
    const { status } = await stack.get(minted);
    const [received] = stack.backend.take();
    const [forwarded = ''] = received === undefined ? [] : valuesOf(received, 'X-Auth-Subject');

    expect(status).toBe(200);
    expect(forwarded).toMatch(/^[\x21-\x7e]+$/);
    expect(decodeURIComponent(forwarded)).toBe(subject);
    expect(received && valuesOf(received, 'X-Auth-Token-Type')).toEqual(['user']);
  });
});
