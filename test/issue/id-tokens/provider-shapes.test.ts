import { describe, expect, test } from '@jest/globals';
import type { IdentityProvider, IdentityProviderType } from 'passport-jwe';
import {
  createIdTokenApp,
  type IdTokenApp,
  keysOf,
  type Members,
  SIGNER,
  signClaims,
} from '../../support/id-token-app.js';
import { NOW } from '../../support/tokens.js';

const TENANT = '9122040d-6c67-4c5b-b112-36a304b66dad';
const OTHER_TENANT = '6731de76-14a6-49ae-97bc-6eba6914391e';
const ENTRA = `https://login.microsoftonline.com/${TENANT}/v2.0`;
const ENTRA_APP = '6cb04018-a3f5-46a7-b995-940c78f5aef3';
const OKTA = 'https://dev-1000000.okta.com/oauth2/default';
const KEYCLOAK = 'https://sso.example.com/realms/acme';
const GOOGLE = 'https://accounts.google.com';
const GOOGLE_APP = '1234987819200.apps.googleusercontent.com';
const STAFF = '7d4a1b2c-52a6-4f3e-9d0c-0a1b2c3d4e5f';

const TIMES = { iat: NOW - 5, exp: NOW + 3600 };

/**
 * ID tokens in the shape that each provider documents, with invented values. Times are those of the test.
 *
 * - Entra ID: learn.microsoft.com/entra/identity-platform/id-token-claims-reference, with the optional claim `groups`
 * - Okta: developer.okta.com/docs/reference/api/oidc/#id-token, with a groups claim. Its header has no `typ`
 * - Keycloak: org.keycloak.representations.IDToken, with the mapper "Group Membership" and its default, the full path
 * - Google: developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
 */
const RECORDED = {
  entra: {
    header: { typ: 'JWT', alg: 'RS256' },
    claims: {
      ver: '2.0',
      iss: ENTRA,
      sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
      aud: ENTRA_APP,
      ...TIMES,
      nbf: NOW - 5,
      name: 'Abe Lincoln',
      preferred_username: 'AbeLi@example.com',
      oid: '00000000-0000-0000-66f3-3332eca7ea81',
      tid: TENANT,
      nonce: '123523',
      aio: 'Df2UVXL1ix!lMCWMSOJBcFatzcGfvFGhjKv8q5g0x732dR5MB5BisvGQO7YWByjd8iQDLq!eGbIDakyp5mnOrcdqHeYSnltepQmRp6AIZ8jY',
      rh: '0.ASgAVAAAAA',
      uti: 'fqiBqXLPj0eQa82S',
      groups: [STAFF],
    },
  },
  okta: {
    header: { typ: undefined },
    claims: {
      ver: 1,
      sub: '00uid4BxXw6I6TV4m0g3',
      iss: OKTA,
      aud: 'uAaunofWkaDJxukCFeBx',
      ...TIMES,
      amr: ['pwd'],
      jti: 'ID.4eAWJOCMB3SX8XewDfVR',
      auth_time: NOW - 10,
      at_hash: 'cpqKfdQA5eH891Ff5oJr_Q',
      name: 'John Doe',
      email: 'john.doe@example.com',
      preferred_username: 'john.doe@example.com',
      idp: '00ok1u7AsAkrwdZL3z0g3',
      groups: ['Everyone', 'Staff'],
    },
  },
  keycloak: {
    header: { typ: 'JWT' },
    claims: {
      ...TIMES,
      auth_time: NOW - 10,
      jti: 'b0dcd2b7-2a3a-4a0a-9ab5-0f9c8a4f0a11',
      iss: KEYCLOAK,
      aud: 'portal',
      sub: 'f1b5a0a8-3c4e-4d1c-9a55-52f6b2f0c7aa',
      typ: 'ID',
      azp: 'portal',
      nonce: 'a8d7',
      session_state: '4d0a1e0f-3f0c-49c0-8a7f-0c3b5e0f6d2e',
      at_hash: 'Zm9vYmFy',
      acr: '1',
      sid: '4d0a1e0f-3f0c-49c0-8a7f-0c3b5e0f6d2e',
      email_verified: true,
      groups: ['/staff', '/staff/berlin'],
      preferred_username: 'alice',
    },
  },
  google: {
    header: { typ: 'JWT' },
    claims: {
      iss: GOOGLE,
      azp: GOOGLE_APP,
      aud: GOOGLE_APP,
      sub: '10769150350006150715113082367',
      at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
      hd: 'example.com',
      email: 'jsmith@example.com',
      email_verified: true,
      ...TIMES,
      nonce: '0394852-3190485-2490358',
    },
  },
} as const;

const RULES: Readonly<Record<keyof typeof RECORDED, string>> = {
  entra: `{ issuer: "${ENTRA}", audiences: [${ENTRA_APP}], group_permissions: { "${STAFF}": [read] } }`,
  okta: `{ issuer: "${OKTA}", audiences: [uAaunofWkaDJxukCFeBx], group_permissions: { Staff: [read] } }`,
  keycloak: `{ issuer: "${KEYCLOAK}", audiences: [portal], group_permissions: { /staff: [read] } }`,
  google: `{ issuer: "${GOOGLE}", audiences: [${GOOGLE_APP}], claims: { hd: example.com } }`,
};

const ISSUERS: Readonly<Record<keyof typeof RECORDED, string>> = {
  ...{ entra: ENTRA, okta: OKTA, keycloak: KEYCLOAK, google: GOOGLE },
};

function fileOf(...rules: readonly string[]): string {
  return (
    'api_key: sk-portal\nkey_id: portal\nname: Portal\ntype: api_call\nrate_limits: {}\npermissions: [read]\nid_tokens:\n' +
    rules.map((rule) => `  - ${rule}\n`).join('')
  );
}

/** An app with one provider, named like its type. */
function appOf(
  type: keyof typeof RECORDED,
  issuer = ISSUERS[type],
  rules = [RULES[type]],
): Promise<IdTokenApp> {
  const provider: IdentityProvider = { type, issuer, verification: keysOf(SIGNER) };
  return createIdTokenApp({ files: { 'portal.yaml': fileOf(...rules) }, providers: { [type]: provider } });
}

/** The recorded ID token with other claims; `undefined` removes a claim. */
function recorded(type: keyof typeof RECORDED, claims: Members = {}): string {
  const { header, claims: all } = RECORDED[type];
  return signClaims({ ...all, ...claims }, header, SIGNER.privateJwk);
}

async function reasonOf(app: IdTokenApp, token: string): Promise<unknown> {
  const { status } = await app.exchange(token);
  return status === 200 ? status : app.lastReason();
}

describe('the recorded ID token', () => {
  test.each([
    ['entra', `entra:${TENANT}.00000000-0000-0000-66f3-3332eca7ea81`],
    ['okta', 'okta:00uid4BxXw6I6TV4m0g3'],
    ['keycloak', 'keycloak:f1b5a0a8-3c4e-4d1c-9a55-52f6b2f0c7aa'],
    ['google', 'google:10769150350006150715113082367'],
  ] as const)('of %s identifies %s', async (type, subject) => {
    const app = await appOf(type);
    const { claims, scope } = await app.verify(await app.exchange(recorded(type)));

    expect({ sub: claims.sub, scope }).toEqual({ sub: subject, scope: ['read'] });
  });

  test.each(['entra', 'okta', 'keycloak'] as const)(
    'of %s grants nothing without its group',
    async (type) => {
      const app = await appOf(type);

      expect((await app.exchange(recorded(type, { groups: ['visitors'] }))).body['error']).toBe(
        'invalid_scope',
      );
    },
  );
});

describe('Entra ID', () => {
  test('identifies a person by tid and oid, which must be GUIDs of the tenant', async () => {
    const app = await appOf('entra');
    const claims: readonly Members[] = [
      ...[{ tid: undefined }, { oid: undefined }, { sub: undefined }, { tid: OTHER_TENANT }, { oid: '' }],
      ...[{ oid: 'a.b' }, { tid: TENANT.toUpperCase() }, { oid: [RECORDED.entra.claims.oid] }],
    ];

    for (const each of claims) expect(await reasonOf(app, recorded('entra', each))).toBe('assertion_claim');
  });

  test('has one subject for a person in all applications of a tenant', async () => {
    const app = await appOf('entra');
    const { claims } = await app.verify(
      await app.exchange(recorded('entra', { sub: 'another-pairwise-subject' })),
    );

    expect(claims.sub).toBe(`entra:${TENANT}.00000000-0000-0000-66f3-3332eca7ea81`);
  });

  test('issues access tokens for the same audience, which are rejected', async () => {
    const app = await appOf('entra');
    const claims = [{ scp: 'access_as_user' }, { azpacr: '1' }, { appidacr: '1' }, { idtyp: 'app' }];

    for (const each of claims) expect(await reasonOf(app, recorded('entra', each))).toBe('assertion_type');
  });

  test('has the same access tokens for a provider of another type', async () => {
    const issuer = `https://sts.windows.net/${TENANT}/`;
    const rule = `{ issuer: "${issuer}", audiences: [${ENTRA_APP}], group_permissions: { "${STAFF}": [read] } }`;
    const app = await appOf('okta', issuer, [rule]);

    expect(await reasonOf(app, recorded('entra', { iss: issuer }))).toBe(200);
    for (const each of [{ azpacr: '1' }, { appidacr: '1' }, { idtyp: 'app' }])
      expect(await reasonOf(app, recorded('entra', { iss: issuer, ...each }))).toBe('assertion_type');
  });

  test('may leave out the groups if the API key selects people by claims', async () => {
    const rule = `{ issuer: "${ENTRA}", audiences: [${ENTRA_APP}], claims: { tid: ${TENANT} } }`;
    const app = await appOf('entra', ENTRA, [rule]);

    expect(await reasonOf(app, recorded('entra', { groups: undefined, hasgroups: true }))).toBe(200);
  });

  test('of several tenants accepts those that the API key lists', async () => {
    const app = await appOf('entra', 'https://login.microsoftonline.com/{tenantid}/v2.0');
    const other = { iss: ENTRA.replace(TENANT, OTHER_TENANT), tid: OTHER_TENANT };

    expect(await reasonOf(app, recorded('entra'))).toBe(200);
    expect(await reasonOf(app, recorded('entra', other))).toBe('assertion_issuer');
    expect(await reasonOf(app, recorded('entra', { tid: OTHER_TENANT }))).toBe('assertion_claim');
    expect(
      await reasonOf(app, recorded('entra', { iss: 'https://login.microsoftonline.com/{tenantid}/v2.0' })),
    ).toBe('assertion_issuer');
  });

  test('of several tenants cannot be listed as a whole', async () => {
    const issuer = 'https://login.microsoftonline.com/{tenantid}/v2.0';

    await expect(appOf('entra', issuer, [RULES.entra.replace(ENTRA, issuer)])).rejects.toThrow(
      'id_tokens.0.issuer of the API key portal contains {tenantid}: list the issuer of each tenant',
    );
  });

  test('leaves out the groups of a person in more than 200', async () => {
    const app = await appOf('entra');
    const claims = {
      groups: undefined,
      _claim_names: { groups: 'src1' },
      _claim_sources: {
        src1: { endpoint: `https://graph.microsoft.com/v1.0/users/${TENANT}/getMemberObjects` },
      },
    };

    expect((await app.exchange(recorded('entra', claims))).body['error']).toBe('invalid_grant');
    expect(
      (await app.exchange(recorded('entra', { groups: undefined, hasgroups: true }))).body['error'],
    ).toBe('invalid_grant');
  });
});

describe('Keycloak', () => {
  test('issues other tokens with the same typ in the header, which are rejected', async () => {
    const app = await appOf('keycloak');

    for (const typ of [undefined, 'Bearer', 'Refresh', 'Logout', 'id', null])
      expect(await reasonOf(app, recorded('keycloak', { typ }))).toBe('assertion_type');
  });
});

describe('Google', () => {
  test('has two spellings of its issuer', async () => {
    const app = await appOf('google');

    expect(await reasonOf(app, recorded('google', { iss: 'accounts.google.com' }))).toBe(200);
    expect(await reasonOf(app, recorded('google', { iss: 'accounts.google.com/' }))).toBe('assertion_issuer');
  });

  test('needs the domain of the organization', async () => {
    const app = await appOf('google');

    for (const hd of [undefined, 'evil.example'])
      expect(await reasonOf(app, recorded('google', { hd }))).toBe('assertion_condition');
  });

  test('names the client of an Android app in azp', async () => {
    const android = '1234987819200-android.apps.googleusercontent.com';
    const listed = RULES.google.replace('audiences: [', `audiences: [${android}, `);

    expect(await reasonOf(await appOf('google'), recorded('google', { azp: android }))).toBe(
      'assertion_party',
    );
    expect(
      await reasonOf(await appOf('google', GOOGLE, [listed]), recorded('google', { azp: android })),
    ).toBe(200);
  });
});

test('every type of provider has a recorded ID token, except the standard', () => {
  const types: Readonly<Record<Exclude<IdentityProviderType, 'standard'>, unknown>> = RECORDED;

  expect(Object.keys(types)).toHaveLength(4);
});
