import { beforeEach, describe, expect, test } from '@jest/globals';
import { createKeyRing, createTokenVerifier } from 'passport-jwe';
import type { AuditEvent } from 'passport-jwe/audit';
import {
  createFakeDirectory,
  directoryPerson,
  type FakeDirectory,
  STAFF,
  WRITERS,
} from '../../support/fake-directory.js';
import { createSessionApp, type SessionApp } from '../../support/session-app.js';
import { AUDIENCE, clock, ISSUER, NOW, secretOf } from '../../support/tokens.js';

const FILE = `api_key: sk-corp
key_id: corp-app
name: Corporate application
type: api_call
rate_limits: {}
permissions: [read, write, delete]
users: { directory: corp }
group_permissions:
  "${STAFF}": [read]
  "CN=Writers, OU=groups,DC=example,DC=com": [read, write]
`;
const FILES = {
  'corp.yaml': FILE,
  'asserted.yaml':
    'api_key: sk-asserted\nkey_id: asserted\nname: Asserted\ntype: api_call\nrate_limits: {}\nusers: true\n',
};

let directory: FakeDirectory;
let app: SessionApp;

beforeEach(async () => {
  directory = createFakeDirectory(
    directoryPerson('u1', {
      name: 'alice',
      groups: [STAFF, WRITERS],
      claims: { email: 'alice@example.com' },
    }),
    directoryPerson('u2', { name: 'bob', groups: ['CN=STAFF,ou=Groups,dc=example,dc=com', 'not a DN'] }),
    directoryPerson('u3', { name: 'eve', groups: [] }),
    ...(['disabled', 'expired', 'locked', 'password_expired'] as const).map((state) =>
      directoryPerson(state, { state }),
    ),
  );
  app = await createSessionApp(FILES, undefined, { directories: { corp: directory } });
});

const issue = (parameters: Readonly<Record<string, string>>, apiKey = 'sk-corp') =>
  app.begin(apiKey, { scope: '', ...parameters });

const describeToken = async (token: string) => (await app.introspect(token, 'sk-corp')).body;

/** Claims of an access token, as a resource server reads them. */
const readClaims = async (token: string) => {
  const keyRing = await createKeyRing({ current: { secret: secretOf(1) } });
  const verifier = createTokenVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
  return (await verifier.verify(token)).claims;
};

const typesOf = (): readonly AuditEvent['type'][] => app.records.map(({ type }) => type);

describe('a token for a user of a directory', () => {
  test('has the immutable ID as subject, and the scope of the groups', async () => {
    const { body, accessToken } = await issue({ user: 'alice' });
    expect(body).toMatchObject({ scope: 'read write' });
    expect(await describeToken(accessToken)).toMatchObject({ sub: 'corp:u1', client_id: 'corp-app' });
  });

  test('can be requested by the subject', async () => {
    expect((await issue({ user: 'corp:u1' })).body).toMatchObject({ scope: 'read write' });
    expect(directory.lookups).toEqual(['id:u1']);
  });

  test('is recorded without the name', async () => {
    await issue({ user: 'alice' });
    expect(app.records).toContainEqual(
      expect.objectContaining({
        ...{ type: 'user.authenticated', clientId: 'corp-app', subject: 'corp:u1', directory: 'corp' },
      }),
    );
    expect(JSON.stringify(app.records)).not.toContain('alice');
  });

  test('depends on groups in any spelling, and ignores names that are no DNs', async () => {
    expect((await issue({ user: 'bob' })).body).toMatchObject({ scope: 'read' });
  });

  test('has the requested scope, as far as the groups grant it', async () => {
    expect((await issue({ user: 'alice', scope: 'write' })).body).toMatchObject({ scope: 'write' });
    expect((await issue({ user: 'bob', scope: 'write' })).body).toMatchObject({ error: 'invalid_scope' });
    expect((await issue({ user: 'alice', scope: 'delete' })).body).toMatchObject({ error: 'invalid_scope' });
  });

  test('narrows the scope if the API key narrows surplus scopes', async () => {
    app = await app.rebuild({ files: { 'corp.yaml': `${FILE}surplus_scopes: narrow\n` } });
    expect((await issue({ user: 'bob', scope: 'read write' })).body).toMatchObject({ scope: 'read' });
    expect((await issue({ user: 'bob', scope: 'write' })).body).toMatchObject({ error: 'invalid_scope' });
  });

  test('is not issued if no group grants anything', async () => {
    expect(await issue({ user: 'eve' })).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
  });

  test('is not issued to an unknown user', async () => {
    for (const user of ['mallory', 'corp:mallory']) {
      expect(await issue({ user })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    }
    expect(app.records).toContainEqual(
      expect.objectContaining({
        ...{ type: 'user.rejected', clientId: 'corp-app', reason: 'user_unknown', directory: 'corp' },
      }),
    );
  });

  test.each(['disabled', 'expired', 'locked', 'password_expired'])(
    'is not issued to a user who is %s',
    async (state) => {
      expect(await issue({ user: state })).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
      expect(app.records).toContainEqual(
        expect.objectContaining({
          ...{ type: 'user.rejected', reason: `user_${state}`, subject: `corp:${state}`, directory: 'corp' },
        }),
      );
    },
  );

  test.each(['a\u0000b', 'a\nb', 'x'.repeat(257)])('is not issued for a malformed name', async (user) => {
    expect(await issue({ user })).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(directory.lookups).toEqual([]);
  });

  test('waits for a directory that is down', async () => {
    await issue({ user: 'bob' });
    directory.setReachable(false);
    app.setTime(NOW + 60);
    expect((await issue({ user: 'bob' })).status).toBe(503);
    directory.setReachable(true);
    app.setTime(NOW + 63);
    expect((await issue({ user: 'bob' })).status).toBe(200);
    expect(typesOf().filter((type) => type.startsWith('directory.'))).toEqual([
      'directory.unreachable',
      'directory.reachable',
    ]);
  });
});

describe('claims of a person', () => {
  const claimsOf = async (claims: Readonly<Record<string, string>>, hook = {}) => {
    directory.put(directoryPerson('u9', { name: 'zoe', claims }));
    const seen: unknown[] = [];
    app = await app.rebuild({
      claims: (_key, context) => {
        seen.push(context.userClaims);
        return hook;
      },
    });
    const { status, accessToken } = await issue({ user: 'zoe' });
    return { status, seen, claims: await readClaims(accessToken) };
  };

  test('reach the claims hook, which takes precedence', async () => {
    const given = { email: 'zoe@example.com', team: 'blue' };
    const { status, seen, claims } = await claimsOf(given, { team: 'red' });
    expect(status).toBe(200);
    expect(seen).toEqual([given]);
    expect(claims).toMatchObject({ email: 'zoe@example.com', team: 'red' });
  });

  test('never replace reserved claims', async () => {
    const claims = { sub: 'admin', scope: 'admin', client_id: 'other', may_act: 'x', allowed_endpoints: '*' };
    const { status, seen, claims: found } = await claimsOf(claims);
    expect({ status, seen }).toEqual({ status: 200, seen: [{}] });
    expect(found).toMatchObject({
      sub: 'corp:u9',
      scope: 'read',
      client_id: 'corp-app',
      allowed_endpoints: [],
    });
    expect(found).not.toHaveProperty('may_act');
  });
});

describe('a subject of a directory', () => {
  test.each(['corp:u1', 'corp:', 'corp:sha-256.x'])('cannot be asserted by another API key', async (user) => {
    expect(await issue({ user }, 'sk-asserted')).toMatchObject({
      status: 400,
      body: { error: 'invalid_request' },
    });
  });

  test.each(['u1', 'other:u1', 'CORP:u1'])('has a prefix, which other users do not have', async (user) => {
    expect((await issue({ user }, 'sk-asserted')).status).toBe(200);
  });
});

test('an API key without a user receives its own token, without a lookup', async () => {
  expect((await issue({})).body).toMatchObject({ scope: 'read write delete' });
  expect(directory.lookups).toEqual([]);
});

test('a router rejects API keys that name an unknown directory', async () => {
  await expect(app.rebuild({ users: { directories: {} } })).rejects.toThrow(
    'tokenRouter: users.directory of the API key corp-app is not in directories of tokenRouter()',
  );
});

test.each([
  [{ directories: { Corp: {} } }, 'each name in directories must be 1 to 32 characters'],
  [{ directories: { corp: {} } }, 'directories.corp must be a Directory'],
  [{ directoryStaleSeconds: -1 }, 'directoryStaleSeconds must be an integer from 0 to 86400'],
])('malformed options are construction errors', async (users, message) => {
  await expect(app.rebuild({ users: JSON.parse(JSON.stringify(users)) })).rejects.toThrow(message);
});
