import { beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores, type DirectoryLink, type IdentityProvider } from 'passport-jwe';
import type { DirectoryPerson } from 'passport-jwe/ldap';
import type { Stores } from 'passport-jwe/stores';
import type { KeyFiles } from '../../support/api-key-files.js';
import {
  createFakeDirectory,
  directoryPerson,
  type FakeDirectory,
  STAFF,
  WRITERS,
} from '../../support/fake-directory.js';
import {
  CLIENT,
  createIdTokenApp,
  type ExchangeAnswer,
  type IdTokenApp,
  idToken,
  keysOf,
  type Members,
  OP,
  SIGNER,
} from '../../support/id-token-app.js';
import { NOW } from '../../support/tokens.js';

const OFFLINE = { scope: 'read offline_access' };

/** The provider is linked to the directory, and the API key may not assert its users. */
const FILES = {
  'portal.yaml':
    'api_key: sk-portal\nkey_id: portal\nname: Portal\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n' +
    `group_permissions: { "${STAFF}": [read], "${WRITERS}": [write] }\n` +
    `id_tokens: [{ issuer: ${OP}, audiences: [${CLIENT}] }]\n`,
};

let directory: FakeDirectory;

beforeEach(() => {
  directory = createFakeDirectory(
    directoryPerson('id-alice', {
      name: 'alice',
      groups: [STAFF, WRITERS],
      claims: { email: 'a@example.com' },
    }),
    directoryPerson('id-bob', { name: 'bob@example.com' }),
  );
});

function appOf(
  link: Omit<DirectoryLink, 'name'> = { claim: 'entry_uuid', by: 'id' },
  files: KeyFiles = FILES,
  stores: Stores = createMemoryStores({ clock: () => NOW }),
  provider: Pick<IdentityProvider, 'type' | 'issuer'> = { type: 'standard', issuer: OP },
): Promise<IdTokenApp> {
  return createIdTokenApp({
    files,
    directories: { corp: directory },
    providers: {
      op: {
        ...provider,
        verification: keysOf(SIGNER),
        directory: { name: 'corp', ...link },
      },
    },
    stores,
  });
}

let serial = 0;

function linkedToken(claims: Members = {}): string {
  serial += 1;
  return idToken({ groups: undefined, entry_uuid: 'id-alice', jti: `linked-${serial}`, ...claims });
}

function refresh(
  app: IdTokenApp,
  { body }: ExchangeAnswer,
  parameters: Members = {},
): Promise<ExchangeAnswer> {
  return app.post({ grant_type: 'refresh_token', refresh_token: body['refresh_token'], ...parameters });
}

function disable(id: string, state: DirectoryPerson['state'] = 'disabled'): void {
  directory.put(directoryPerson(id, { name: 'alice', state }));
}

describe('an ID token of a provider that is linked to a directory', () => {
  test('takes subject, groups and claims from the directory', async () => {
    const app = await appOf();
    const answer = await app.exchange(linkedToken({ groups: ['visitors'], email: 'mallory@example.com' }));
    const { claims, scope } = await app.verify(answer);

    expect(claims).toMatchObject({ sub: 'corp:id-alice', client_id: 'portal', email: 'a@example.com' });
    expect(scope).toEqual(['read', 'write']);
    expect(app.records.filter(({ type }) => type === 'user.authenticated')).toEqual([
      expect.objectContaining({ directory: 'corp', subject: 'corp:id-alice' }),
    ]);
  });

  test('is recorded once, also if the ID token is sent again or the request is rejected', async () => {
    const app = await appOf();
    const token = linkedToken();
    expect((await app.exchange(token, { session_id: 'bad id' })).status).toBe(400);
    expect((await app.exchange(token)).status).toBe(200);
    expect((await app.exchange(token)).status).toBe(400);
    expect(app.records.filter(({ type }) => type === 'user.authenticated')).toHaveLength(1);
  });

  test('needs no groups: overage has no effect', async () => {
    const app = await appOf();

    expect(
      (await app.exchange(linkedToken({ _claim_names: { groups: 'src1' }, hasgroups: true }))).status,
    ).toBe(200);
  });

  test('finds the person by name if the link says so', async () => {
    const app = await appOf({ claim: 'preferred_username', by: 'name' });
    const answer = await app.exchange(linkedToken({ preferred_username: 'alice' }));

    expect((await app.verify(answer)).claims.sub).toBe('corp:id-alice');
    expect(directory.lookups).toEqual(['name:alice']);
  });

  test('finds the person by a verified address only', async () => {
    const app = await appOf({ claim: 'email', by: 'name' });
    const email = 'bob@example.com';

    for (const email_verified of [undefined, false, 'true', 1]) {
      expect((await app.exchange(linkedToken({ email, email_verified }))).status).toBe(400);
      expect(app.lastReason()).toBe('assertion_claim');
    }
    expect((await app.exchange(linkedToken({ email, email_verified: true }))).status).toBe(200);
  });

  test('of Google finds the person by an address of an organization only', async () => {
    const issuer = 'https://accounts.google.com';
    const listOf = (rule: string) => ({
      'portal.yaml': FILES['portal.yaml'].replace(`issuer: ${OP},`, rule),
    });
    const link = { claim: 'email', by: 'name' } as const;
    const google = { type: 'google', issuer } as const;
    await expect(appOf(link, listOf(`issuer: ${issuer},`), undefined, google)).rejects.toThrow(
      /id_tokens.0.claims of the API key portal is required: select the users/,
    );

    const app = await appOf(
      link,
      listOf(`issuer: ${issuer}, claims: { azp: ${CLIENT} },`),
      undefined,
      google,
    );
    const claims = { iss: issuer, azp: CLIENT, email: 'bob@example.com', email_verified: true };
    for (const hd of [undefined, '', true]) {
      expect((await app.exchange(linkedToken({ ...claims, hd }))).status).toBe(400);
      expect(app.lastReason()).toBe('assertion_claim');
    }
    expect((await app.exchange(linkedToken({ ...claims, hd: 'example.com' }))).status).toBe(200);
  });

  test('of several tenants cannot be linked, because each tenant could name the people', async () => {
    const issuer = 'https://login.microsoftonline.com/{tenantid}/v2.0';
    await expect(appOf(undefined, FILES, undefined, { type: 'entra', issuer })).rejects.toThrow(
      'tokenRouter: identityProviders.op.directory is not allowed with {tenantid}',
    );
  });

  test('must have the claim of the link', async () => {
    const app = await appOf();

    const malformed = [undefined, null, '', 7, ['id-alice'], 'a\nb', '\ud800', 'a'.repeat(256)];
    const ambiguous = ['id-\u{200b}alice', 'id\u{ad}-alice', 'id-\uff41lice'];
    for (const entry_uuid of [...malformed, ...ambiguous]) {
      expect((await app.exchange(linkedToken({ entry_uuid }))).body['error']).toBe('invalid_request');
      expect(app.lastReason()).toBe('assertion_claim');
    }
    expect(directory.lookups).toEqual([]);
  });

  test('is rejected if the claim is a member of Object', async () => {
    const app = await appOf({ claim: 'constructor', by: 'id' });

    expect((await app.exchange(linkedToken())).status).toBe(400);
  });

  test('of an unknown person is rejected', async () => {
    const app = await appOf();

    expect((await app.exchange(linkedToken({ entry_uuid: 'id-mallory' }))).body['error']).toBe(
      'invalid_grant',
    );
    expect(app.lastReason()).toBe('user_unknown');
  });

  test.each(['disabled', 'expired', 'locked', 'password_expired'] as const)(
    'of a person who is %s is rejected',
    async (state) => {
      const app = await appOf();
      disable('id-alice', state);

      expect((await app.exchange(linkedToken())).body['error']).toBe('invalid_grant');
      expect(app.lastReason()).toBe(`user_${state}`);
    },
  );

  test('is not used up by an outage of the directory, which is answered with 503', async () => {
    const app = await appOf();
    const token = linkedToken();
    directory.setReachable(false);
    expect((await app.exchange(token)).status).toBe(503);
    directory.setReachable(true);
    app.setTime(NOW + 10);

    expect((await app.exchange(token)).status).toBe(200);
    expect((await app.exchange(token)).status).toBe(400);
  });
});

describe('refresh tokens of a linked provider', () => {
  test('follow the groups and claims of the directory', async () => {
    const app = await appOf();
    const first = await app.exchange(linkedToken(), { scope: 'read write offline_access' });
    expect(first.body['scope']).toBe('read write offline_access');
    directory.put(directoryPerson('id-alice', { groups: [WRITERS], claims: { email: 'new@example.com' } }));
    app.setTime(NOW + 61);
    const second = await refresh(app, first);

    expect(second.body['scope']).toBe('write offline_access');
    expect((await app.verify(second)).claims).toMatchObject({
      sub: 'corp:id-alice',
      email: 'new@example.com',
    });
  });

  test('end when the person is disabled', async () => {
    const app = await appOf();
    const first = await app.exchange(linkedToken(), OFFLINE);
    disable('id-alice');
    app.setTime(NOW + 61);
    expect((await refresh(app, first)).body['error']).toBe('invalid_grant');
    expect(app.lastReason()).toBe('user_disabled');
    disable('id-alice', 'active');
    app.setTime(NOW + 130);

    expect((await refresh(app, first)).body['error']).toBe('invalid_grant');
    expect(app.lastReason()).toBe('ended');
  });

  test('end when the API key no longer lists the provider', async () => {
    const stores = createMemoryStores({ clock: () => NOW });
    const first = await (await appOf(undefined, FILES, stores)).exchange(linkedToken(), OFFLINE);
    const unlinked = {
      'portal.yaml': String(FILES['portal.yaml']).replace(/^(group_permissions|id_tokens).*\n/gm, ''),
    };
    const later = await appOf(undefined, unlinked, stores);

    expect((await refresh(later, first)).body['error']).toBe('invalid_grant');
    expect(later.lastReason()).toBe('revoked');
  });

  test('are not used up by an outage', async () => {
    const app = await appOf();
    const first = await app.exchange(linkedToken(), OFFLINE);
    directory.setReachable(false);
    app.setTime(NOW + 61);
    expect((await refresh(app, first)).status).toBe(503);
    directory.setReachable(true);
    app.setTime(NOW + 71);

    expect((await refresh(app, first)).status).toBe(200);
  });

  test('need offline_access', async () => {
    expect((await (await appOf()).exchange(linkedToken())).body).not.toHaveProperty('refresh_token');
  });

  test('are bound to a device if the API key has public clients', async () => {
    const files = { 'portal.yaml': `${FILES['portal.yaml']}refresh_tokens: public\n` };
    const app = await appOf(undefined, files);
    const token = linkedToken();

    expect((await app.exchange(token, OFFLINE)).body['error']).toBe('invalid_request');
    const answer = await app.exchange(token, { ...OFFLINE, device_id: 'd-1' });
    expect((await refresh(app, answer, { device_id: 'd-2' })).body['error']).toBe('invalid_grant');
    expect((await refresh(app, answer, { device_id: 'd-1' })).status).toBe(200);
  });

  test('are not issued if the API key has none', async () => {
    const app = await appOf(undefined, { 'portal.yaml': `${FILES['portal.yaml']}refresh_tokens: off\n` });

    expect((await app.exchange(linkedToken(), OFFLINE)).body['error']).toBe('invalid_scope');
  });
});
