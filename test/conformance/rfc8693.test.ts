import { beforeEach, describe, expect, test } from '@jest/globals';
import { ACCESS_TOKEN_TYPE, type ConformanceApp, createConformanceApp, REPORTS } from './conformance-app.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

let app: ConformanceApp;
let subjectToken = '';

beforeEach(async () => {
  app = await createConformanceApp();
  subjectToken = (await app.obtain({ user: 'alice' })).access_token;
});

/** Send a token exchange. `undefined` removes a parameter. */
function exchange(
  changes: Readonly<Record<string, string | undefined>> = {},
  clientId: string | undefined = 'gateway',
) {
  const form = {
    grant_type: EXCHANGE,
    subject_token: subjectToken,
    subject_token_type: ACCESS_TOKEN_TYPE,
    ...changes,
  };
  const sent = Object.entries(form).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return app.post('token', sent, clientId);
}

async function claimsOfExchanged(changes: Readonly<Record<string, string>> = {}) {
  const { access_token: token } = (await exchange(changes)).body;
  return (await app.post('introspect', { token }, 'gateway')).body;
}

const outcome = async (...parameters: Parameters<typeof exchange>) => {
  const { status, body } = await exchange(...parameters);
  return status === 200 ? 200 : `${status} ${body.error}`;
};

describe('RFC 8693 §2.1, request', () => {
  test('§2.1: the server authenticates the client', async () => {
    const { status } = await app.post('token', { grant_type: EXCHANGE, subject_token: subjectToken });

    expect(status).toBe(401);
  });

  test('§2.1: grant_type, subject_token and subject_token_type are REQUIRED', async () => {
    const names = ['grant_type', 'subject_token', 'subject_token_type'];
    const outcomes = await Promise.all(names.map((name) => outcome({ [name]: undefined })));

    expect(outcomes).toEqual(names.map(() => '400 invalid_request'));
  });

  test('§2.1: all other parameters are optional', async () => {
    expect(await outcome()).toBe(200);
  });

  test('§2.1: actor_token_type is REQUIRED if actor_token is present', async () => {
    const { access_token: actor } = await app.obtain({}, 'gateway');

    expect(await outcome({ actor_token: actor })).toBe('400 invalid_request');
    expect(await outcome({ actor_token: actor, actor_token_type: ACCESS_TOKEN_TYPE })).toBe(200);
  });

  test('§2.1: actor_token_type MUST NOT be included without actor_token', async () => {
    expect(await outcome({ actor_token_type: ACCESS_TOKEN_TYPE })).toBe('400 invalid_request');
  });

  test('§2.1: the server MUST validate the tokens for their type', async () => {
    const { refresh_token: refreshToken } = await app.obtain({ scope: 'offline_access' });

    expect(await outcome({ subject_token: refreshToken })).toBe('400 invalid_request');
  });

  test('§2.1: the client names the target with resource or audience', async () => {
    expect([await outcome({ resource: REPORTS }), await outcome({ audience: REPORTS })]).toEqual([200, 200]);
  });

  test('§2.1.1: resource and audience identify the same target if both are present', async () => {
    expect(await outcome({ resource: REPORTS, audience: 'https://archive.example.com' })).toBe(
      '400 invalid_target',
    );
  });
});

describe('RFC 8693 §2.2, response', () => {
  test('§2.2.1: access_token, issued_token_type and token_type are REQUIRED, expires_in is RECOMMENDED', async () => {
    expect((await exchange()).body).toMatchObject({
      access_token: expect.any(String),
      issued_token_type: ACCESS_TOKEN_TYPE,
      token_type: 'Bearer',
      expires_in: expect.any(Number),
    });
  });

  test('§2.2.1: scope is REQUIRED if it is not identical to the requested scope', async () => {
    expect((await exchange()).body.scope).toBe('read write');
  });

  test('§2.2.1: a refresh token is typically not issued', async () => {
    expect((await exchange()).body).not.toHaveProperty('refresh_token');
  });

  test('§2.2.2: the response to an invalid subject_token MUST be invalid_request', async () => {
    expect(await outcome({ subject_token: 'unknown' })).toBe('400 invalid_request');
  });

  test('§2.2.2: the response to an invalid actor_token MUST be invalid_request', async () => {
    const actor = { actor_token: 'unknown', actor_token_type: ACCESS_TOKEN_TYPE };

    expect(await outcome(actor)).toBe('400 invalid_request');
  });

  test('§2.2.2: a token that is unacceptable by policy is invalid_request', async () => {
    const { access_token: unlisted } = await app.obtain({}, 'other');

    expect(await outcome({ subject_token: unlisted })).toBe('400 invalid_request');
  });

  test('§2.2.2: the error code for a target that the server does not serve is invalid_target', async () => {
    expect(await outcome({ audience: 'https://unknown.example.com' })).toBe('400 invalid_target');
  });

  test('§2.2.2: the error code of a client without permission is unauthorized_client (RFC 6749 §5.2)', async () => {
    expect(await outcome({}, 'other')).toBe('400 unauthorized_client');
  });

  test('§2.2.2: the error response has Cache-Control: no-store', async () => {
    expect((await exchange({ subject_token: 'unknown' })).headers['cache-control']).toBe('no-store');
  });
});

describe('RFC 8693 §3, token type identifiers', () => {
  test('§3: the server accepts access_token and jwt', async () => {
    const jwt = 'urn:ietf:params:oauth:token-type:jwt';
    const outcomes = [
      await outcome({ subject_token_type: jwt }),
      await outcome({ requested_token_type: jwt }),
    ];

    expect(outcomes).toEqual([200, 200]);
  });

  test('§3: the server rejects types that it does not support', async () => {
    const saml = 'urn:ietf:params:oauth:token-type:saml2';
    const outcomes = [
      await outcome({ subject_token_type: saml }),
      await outcome({ requested_token_type: saml }),
    ];

    expect(outcomes).toEqual(['400 invalid_request', '400 invalid_request']);
  });
});

describe('RFC 8693 §4, claims', () => {
  test('§4.1: act identifies the current actor, and the subject remains sub', async () => {
    expect(await claimsOfExchanged()).toMatchObject({
      sub: 'alice',
      act: { sub: 'gateway', client_id: 'gateway' },
    });
  });

  test('§4.1: act does not contain exp, nbf or aud', async () => {
    const { act } = await claimsOfExchanged();

    expect(Object.keys(act).filter((name) => ['exp', 'nbf', 'aud'].includes(name))).toEqual([]);
  });

  test('§4.2: scope is a string of scope tokens, separated by spaces', async () => {
    expect((await claimsOfExchanged()).scope).toBe('read write');
  });

  test('§4.3: client_id identifies the client that requested the token', async () => {
    expect((await claimsOfExchanged()).client_id).toBe('gateway');
  });

  test('§4.4: may_act restricts the parties that may act for the subject', async () => {
    const restricted = await createConformanceApp({ claims: () => ({ may_act: { client_id: 'other' } }) });
    const { access_token: token } = await restricted.obtain({ user: 'alice' });
    const form = { grant_type: EXCHANGE, subject_token: token, subject_token_type: ACCESS_TOKEN_TYPE };
    const { status, body } = await restricted.post('token', form, 'gateway');

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });
});
