import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  CLIENT,
  createIdTokenApp,
  FOREIGN_SIGNER,
  type IdTokenApp,
  idToken,
  keysOf,
  type Members,
  OP,
  PROVIDERS,
  SIGNER,
  signClaims,
} from '../../support/id-token-app.js';
import { generateSigner } from '../../support/key-pairs.js';
import { ISSUER, NOW } from '../../support/tokens.js';

let app: IdTokenApp;

beforeAll(async () => {
  app = await createIdTokenApp();
});

/** Results of several ID tokens: 200, or the reason of the rejection. */
async function resultsOf(idTokens: readonly string[], target = app): Promise<readonly unknown[]> {
  const results: unknown[] = [];
  for (const each of idTokens) {
    const { status, body } = await target.exchange(each);
    if (status !== 200) expect({ status, body }).toEqual({ status: 400, body: REJECTED });
    results.push(status === 200 ? status : target.lastReason());
  }
  return results;
}

/** One response for all reasons (RFC 8693 §2.2.2). */
const REJECTED = {
  error: 'invalid_request',
  error_description:
    'The ID token is invalid, expired, already used or not for this API key: sign the user in again',
};

/** The same result for each of several ID tokens. */
function all(result: unknown, count: number): readonly unknown[] {
  return Array.from({ length: count }, () => result);
}

let serial = 0;

/** An ID token that no earlier test has used. */
function fresh(claims: Members = {}, header: Members = {}): string {
  serial += 1;
  return idToken({ jti: `fresh-${serial}`, ...claims }, header);
}

/** Expect one reason for several claims sets. */
async function expectAll(reason: unknown, claims: readonly Members[]): Promise<void> {
  expect(await resultsOf(claims.map((each) => fresh(each)))).toEqual(all(reason, claims.length));
}

describe('the claims of an ID token', () => {
  test('iss selects a provider that the API key lists', async () => {
    const issuers = [
      undefined,
      null,
      '',
      1,
      [OP],
      `${OP}/`,
      OP.toUpperCase(),
      'https://evil.example.com',
      ISSUER,
    ];

    await expectAll(
      'assertion_issuer',
      issuers.map((iss) => ({ iss })),
    );
  });

  test('sub is up to 255 printable ASCII characters', async () => {
    const long = 'a'.repeat(255);
    const subjects = [undefined, null, '', 7, ['a'], `${long}a`, ' a', 'a ', 'a\nb', 'ä', '\u0000'];

    await expectAll(
      'assertion_claim',
      subjects.map((sub) => ({ sub })),
    );
    expect(await resultsOf([fresh({ sub: long }), fresh({ sub: 'a b' })])).toEqual([200, 200]);
  });

  test('aud contains only client IDs that the API key lists', async () => {
    const audiences = [
      ...[undefined, null, '', [], 1, 'other-web', `${CLIENT} `, CLIENT.toUpperCase()],
      ...[[CLIENT, 'other-web'], [[CLIENT]], [CLIENT, 1], { 0: CLIENT, length: 1 }],
    ];

    await expectAll(
      'assertion_audience',
      audiences.map((aud) => ({ aud, azp: CLIENT })),
    );
  });

  test('azp is mandatory with several audiences', async () => {
    const both = [CLIENT, 'portal-mobile'];

    await expectAll('assertion_party', [{ aud: both }, { aud: [CLIENT, CLIENT] }]);
    expect(await resultsOf([fresh({ aud: both, azp: CLIENT }), fresh({ aud: [CLIENT] })])).toEqual([
      200, 200,
    ]);
  });

  test('azp is a client ID that the API key lists', async () => {
    const parties = [null, '', 1, [CLIENT], 'other-web', `${CLIENT}/`];

    await expectAll(
      'assertion_party',
      parties.map((azp) => ({ azp })),
    );
    expect(await resultsOf([fresh({ azp: CLIENT }), fresh({ azp: 'portal-mobile' })])).toEqual([200, 200]);
  });

  test('exp is a time in the future', async () => {
    await expectAll('expired', [{ exp: NOW }, { exp: NOW - 1 }]);
    await expectAll(
      'assertion_claim',
      [undefined, null, String(NOW + 60), -1, (NOW + 60) * 1000, [NOW + 60]].map((exp) => ({ exp })),
    );
    expect(await resultsOf([fresh({ exp: NOW + 1 })])).toEqual([200]);
  });

  test('iat is at most five minutes old, and exp does not extend this', async () => {
    await expectAll('assertion_too_old', [{ iat: NOW - 301 }, { iat: NOW - 86_400, exp: NOW + 86_400 }]);
    await expectAll(
      'assertion_claim',
      [undefined, null, 'now', -1, (NOW - 5) * 1000].map((iat) => ({ iat })),
    );
    expect(await resultsOf([fresh({ iat: NOW - 300 })])).toEqual([200]);
  });

  test('iat and nbf are not in the future, apart from 60 seconds of clock skew', async () => {
    await expectAll('assertion_not_yet_valid', [{ iat: NOW + 61 }, { nbf: NOW + 61 }]);
    await expectAll('assertion_claim', [{ nbf: 'now' }, { nbf: null }]);
    expect(await resultsOf([fresh({ iat: NOW + 60 }), fresh({ nbf: NOW + 60 })])).toEqual([200, 200]);
  });

  test('nonce is optional, because only the client knows it', async () => {
    expect(await resultsOf([fresh({ nonce: undefined }), fresh({ nonce: 7 })])).toEqual([200, 200]);
  });

  test('cnf requires the proof of the key', async () => {
    await expectAll('assertion_key_bound', [{ cnf: {} }, { cnf: { jkt: 'a' } }, { cnf: null }]);
  });

  test('groups are strings', async () => {
    const groups = [null, 7, {}, [7], ['staff', null], ['staff', ''], [['staff']], ''];

    await expectAll(
      'assertion_claim',
      groups.map((each) => ({ groups: each })),
    );
    expect(await resultsOf([fresh({ groups: 'staff' })])).toEqual([200]);
  });
});

describe('the signature of an ID token', () => {
  test('is from a key of the provider', async () => {
    const { privateJwk } = SIGNER;
    const forged = generateSigner('RS256', { kid: 'op-1' });

    expect(
      await resultsOf([
        idToken({}, {}, FOREIGN_SIGNER),
        idToken({}, { kid: 'op-1' }, FOREIGN_SIGNER),
        idToken({}, {}, forged),
        idToken({}, { kid: 'op-2' }),
        idToken({}, { kid: 7 }),
      ]),
    ).toEqual([
      'assertion_unknown_key',
      'assertion_signature',
      'assertion_signature',
      'assertion_unknown_key',
      'malformed',
    ]);
    expect(await resultsOf([signClaims(claimsOf(fresh()), { kid: undefined }, privateJwk)])).toEqual([200]);
  });

  test('of one provider does not verify the ID token of another one', async () => {
    const other = 'https://other.example.com';
    const files = {
      'portal.yaml':
        'api_key: sk-portal\nkey_id: portal\nname: Portal\ntype: api_call\nrate_limits: {}\npermissions: [read]\nid_tokens:\n' +
        [OP, other]
          .map(
            (issuer) =>
              `  - { issuer: ${issuer}, audiences: [${CLIENT}], group_permissions: { staff: [read] } }\n`,
          )
          .join(''),
    };
    const two = await createIdTokenApp({
      files,
      providers: {
        ...PROVIDERS,
        other: { type: 'standard', issuer: other, verification: keysOf(FOREIGN_SIGNER) },
      },
    });

    expect(
      await resultsOf(
        [
          idToken({ iss: other }),
          idToken({}, {}, FOREIGN_SIGNER),
          idToken({ iss: other }, {}, FOREIGN_SIGNER),
        ],
        two,
      ),
    ).toEqual(['assertion_unknown_key', 'assertion_unknown_key', 200]);
  });

  test('has an asymmetric algorithm, and that of the key', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${fresh().split('.')[1]}.`;

    expect(
      await resultsOf([
        unsigned,
        ...['none', 'HS256', 'RS384', 'ES256', 'PS256', 7].map((alg) => fresh({}, { alg })),
      ]),
    ).toEqual([
      'assertion_algorithm',
      'assertion_algorithm',
      'assertion_algorithm',
      'assertion_algorithm',
      'assertion_algorithm',
      'assertion_algorithm',
      'malformed',
    ]);
  });

  test('is not from a key in the header', async () => {
    const { publicJwk } = FOREIGN_SIGNER;
    const headers = [{ jwk: publicJwk }, { crit: ['exp'] }, { b64: false }, { zip: 'DEF' }];

    expect(await resultsOf(headers.map((header) => fresh({}, header)))).toEqual(
      all('assertion_algorithm', 4),
    );
    expect(await resultsOf([fresh({}, { jku: 'https://evil.example.com/jwks', x5t: 'a' })])).toEqual([200]);
  });

  test('covers a JSON object', async () => {
    const token = fresh();
    const [header, payload, signature] = token.split('.');
    const malformed = [
      ...[
        'a',
        'a.b',
        'a.b.c',
        `${token}.a`,
        `${token}.a.b`,
        `${header}.${payload}.`,
        ` ${token}`,
        `${token}=`,
      ],
      `${header}..${signature}`,
    ];

    expect(new Set(await resultsOf(malformed))).toEqual(new Set(['malformed', 'assertion_signature']));
  });
});

describe('a token of another type', () => {
  test('is recognized by typ', async () => {
    const typs = [
      'at+jwt',
      'application/at+jwt',
      'logout+jwt',
      'secevent+jwt',
      'dpop+jwt',
      'oauth-id-jag+jwt',
      'token-introspection+jwt',
      '',
      7,
      null,
    ];

    expect(await resultsOf(typs.map((typ) => fresh({}, { typ })))).toEqual(
      all('assertion_type', typs.length),
    );
    expect(
      await resultsOf([undefined, 'jwt', 'application/JWT', 'JOSE'].map((typ) => fresh({}, { typ }))),
    ).toEqual(all(200, 4));
  });

  test('is recognized by its claims', async () => {
    const logout = { events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, nonce: undefined };

    await expectAll('assertion_type', [
      { scope: 'openid read' },
      { scp: ['openid'] },
      logout,
      { typ: 'Bearer' },
      { typ: 'Refresh' },
      { typ: 'Logout' },
      { token_use: 'access' },
    ]);
    expect(await resultsOf([fresh({ typ: 'ID', token_use: 'id' })])).toEqual([200]);
  });

  test('is rejected as an access token of this router', async () => {
    const { body } = await app.post({ grant_type: 'client_credentials' }, ['plain', 'sk-plain']);

    expect(await resultsOf([String(body['access_token'])])).toEqual(['malformed']);
  });
});

/** Claims of a signed JWT. */
function claimsOf(token: string): Members {
  return JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString());
}
