import { describe, expect, test } from '@jest/globals';
import type { ApiKey } from '../../../src/api-keys/api-key.js';
import type { NumericDate } from '../../../src/base/clock.js';
import { InvalidRequestError } from '../../../src/base/errors.js';
import type { JsonObject } from '../../../src/base/json.js';
import { InvalidScopeError, InvalidTargetError } from '../../../src/base/token-endpoint-errors.js';
import { clientCredentialsGrant } from '../../../src/issue/grants/client-credentials-grant.js';
import type { RequestOrigin, TokenResponse } from '../../../src/issue/grants/grant.js';
import type { ClaimsContext, ClaimsHook } from '../../../src/issue/grants/issue-access-token.js';
import { RESERVED_CLAIMS } from '../../../src/token/claims/claims-set.js';
import type { VerifiedToken } from '../../../src/token/claims/verified-token.js';
import { apiKeyOf, loadFile, MINIMAL_FILE } from '../../support/api-key-files.js';
import { createAuditRecorder } from '../../support/audit-recorder.js';
import { createIssuerAndVerifier } from '../../support/issuer-and-verifier.js';
import { AUDIENCE, clock, createRing, ISSUER, NOW } from '../../support/tokens.js';
import { untyped } from '../../support/untyped.js';

const OTHER = 'https://other.example.com';
const KEY_RING = await createRing();

interface Exchange {
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly apiKey?: ApiKey;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly hook?: ClaimsHook;
  readonly origin?: RequestOrigin;
  readonly now?: NumericDate;
  /** When the token itself is made, where that is later. */
  readonly issuedAt?: NumericDate;
}

async function exchange(request: Exchange = {}) {
  const { fields, apiKey = apiKeyOf(fields), parameters = {}, hook, origin = {}, now = NOW } = request;
  const { audit, records } = createAuditRecorder();
  const tokens = createIssuerAndVerifier({
    keyRing: KEY_RING,
    issuer: ISSUER,
    audience: [AUDIENCE, OTHER],
    audit,
    clock: () => request.issuedAt ?? now,
  });
  const response = await clientCredentialsGrant(hook === undefined ? {} : { claimsHook: hook }).handle({
    tokens,
    apiKey,
    isPublic: false,
    apiKeys: { get: () => apiKey },
    parameters: new Map(Object.entries(parameters)),
    defaultAudience: AUDIENCE,
    requestedAt: now,
    origin,
    clock: () => now,
  });
  return { response, token: await tokens.verify(response.access_token), records };
}

const responseOf = async (request: Exchange): Promise<TokenResponse> => (await exchange(request)).response;
const tokenOf = async (request: Exchange): Promise<VerifiedToken> => (await exchange(request)).token;

describe('the grant', () => {
  test('names its type and the parameters that it reads', () => {
    expect(clientCredentialsGrant()).toMatchObject({
      grantType: 'client_credentials',
      parameters: ['scope', 'audience', 'resource', 'user', 'session_id', 'device_id'],
    });
  });

  test('answers with an access token', async () => {
    expect(await responseOf({})).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'read:documents write:documents',
    });
  });

  test('issues for the API key', async () => {
    const { claims, type } = await tokenOf({});
    expect(type).toBe('tiered_model_exec');
    expect(claims).toMatchObject({
      iss: ISSUER,
      sub: 'demo',
      aud: AUDIENCE,
      client_id: 'demo',
      scope: 'read:documents write:documents',
      permissions: ['read:documents', 'write:documents'],
      type: 'tiered_model_exec',
      api_key_name: 'Demo key',
      allowed_models: ['echo-1'],
      metadata: {},
    });
    expect(claims).not.toHaveProperty('session_id');
  });

  test.each([
    ['function_call', { functions: ['add'], models: [] }, { allowed_functions: ['add'] }],
    ['api_call', { endpoints: ['GET /'], models: [] }, { allowed_endpoints: ['GET /'] }],
  ])('issues for keys of type %s', async (type, fields, claims) => {
    expect(await tokenOf({ fields: { type, ...fields } })).toMatchObject({ type, claims });
  });

  test('records the client address', async () => {
    const { records } = await exchange({ origin: { ip: '192.0.2.1', userAgent: 'curl' } });
    expect(records).toMatchObject([{ type: 'token.issued', clientId: 'demo', ip: '192.0.2.1' }]);
  });
});

describe('scope', () => {
  test.each([
    ['read:documents', ['read:documents']],
    ['write:documents read:documents', ['write:documents', 'read:documents']],
    ['read:documents read:documents', ['read:documents']],
  ])('%j narrows to %j', async (scope, granted) => {
    const { response, token } = await exchange({ parameters: { scope } });
    expect(response.scope).toBe(granted.join(' '));
    expect(token.scope).toEqual(granted);
    expect(token.claims.permissions).toEqual(granted);
  });

  test('is omitted from the response if the key has no permissions', async () => {
    const { response, token } = await exchange({ fields: { permissions: [] } });
    expect(response).not.toHaveProperty('scope');
    expect(token.claims).not.toHaveProperty('scope');
  });

  test.each(['admin', 'read:documents admin', 'read:document', 'read:documents-all', 'READ:DOCUMENTS'])(
    '%j exceeds the permissions of the key',
    async (scope) => {
      await expect(exchange({ parameters: { scope } })).rejects.toThrow(new InvalidScopeError());
    },
  );

  test.each([
    [' ', ['read:documents', 'write:documents']],
    [' read:documents  ', ['read:documents']],
    ['read:documents  write:documents', ['read:documents', 'write:documents']],
  ])('%j has surplus spaces, which are ignored', async (scope, granted) => {
    const { response, token } = await exchange({ parameters: { scope } });
    expect(response.scope).toBe(granted.join(' '));
    expect(token.scope).toEqual(granted);
  });

  test.each(['read:documents\twrite:documents', '"read:documents"', 'é'])(
    '%j is malformed',
    async (scope) => {
      const issuance = exchange({ parameters: { scope } });
      await expect(issuance).rejects.toThrow(new InvalidScopeError('The scope is malformed'));
    },
  );

  test('cannot be requested by a key without permissions', async () => {
    const request = { fields: { permissions: [] }, parameters: { scope: 'read:documents' } };
    await expect(exchange(request)).rejects.toThrow(InvalidScopeError);
  });
});

describe('audience', () => {
  test.each([
    ['none asked for', [], {}, AUDIENCE],
    ['the default one', [], { audience: AUDIENCE }, AUDIENCE],
    ['the default one as resource', [], { resource: AUDIENCE }, AUDIENCE],
    ['the only one', [OTHER], {}, OTHER],
    ['one of several', [AUDIENCE, OTHER], { audience: OTHER }, OTHER],
    ['one of several as resource', [AUDIENCE, OTHER], { resource: OTHER }, OTHER],
    ['both parameters that agree', [AUDIENCE, OTHER], { audience: OTHER, resource: OTHER }, OTHER],
  ])('is chosen: %s', async (_, audiences, parameters, aud) => {
    const { claims } = await tokenOf({ fields: { audiences }, parameters: untyped(parameters) });
    expect(claims.aud).toBe(aud);
  });

  test.each([
    [
      'none requested, but several allowed',
      [AUDIENCE, OTHER],
      {},
      'This API key has several audiences: send the parameter audience',
    ],
    ['one that the key does not list', [OTHER], { audience: AUDIENCE }, new InvalidTargetError().message],
    ['one of another service', [], { resource: OTHER }, new InvalidTargetError().message],
    ['two at once', [], { audience: `${AUDIENCE} ${OTHER}` }, new InvalidTargetError().message],
    [
      'two parameters that differ',
      [AUDIENCE, OTHER],
      { audience: AUDIENCE, resource: OTHER },
      'audience and resource differ',
    ],
  ])('is rejected: %s', async (_, audiences, parameters, message) => {
    const issuance = exchange({ fields: { audiences }, parameters: untyped(parameters) });
    await expect(issuance).rejects.toThrow(new InvalidTargetError(message));
  });
});

describe('identities', () => {
  test('a user is the subject, asserted by a key that may do so', async () => {
    const { token, records } = await exchange({
      fields: { users: 'true' },
      parameters: { user: 'alice@a.example' },
    });
    expect(token.claims).toMatchObject({ sub: 'alice@a.example', client_id: 'demo' });
    expect(records).toMatchObject([{ subject: 'alice@a.example', subjectAsserted: true }]);
  });

  test('the key itself is the subject otherwise, and not asserted', async () => {
    const { records } = await exchange({ fields: { users: 'true' } });
    expect(records).toMatchObject([{ subject: 'demo', subjectAsserted: false }]);
  });

  test('a user is rejected for a key that may not assert one', async () => {
    await expect(exchange({ parameters: { user: 'alice' } })).rejects.toThrow(
      new InvalidRequestError('This API key may not assert a user'),
    );
  });

  test('a user with the key_id of the API key is rejected', async () => {
    await expect(exchange({ fields: { users: 'true' }, parameters: { user: 'demo' } })).rejects.toThrow(
      new InvalidRequestError('user must not be the key_id of the API key itself'),
    );
  });

  test('a session enters the token, a device does not', async () => {
    const { claims } = await tokenOf({ parameters: { session_id: 's-1', device_id: 'd-1' } });
    expect(claims.session_id).toBe('s-1');
    expect(JSON.stringify(claims)).not.toContain('"d-1"');
  });

  describe.each(['user', 'session_id', 'device_id'])('%s', (name) => {
    test.each(['a b', 'a\nb', '\0', 'é', '\x7f', 'x'.repeat(129), '.', '..'])(
      'is rejected as %j',
      async (value) => {
        const issuance = exchange({ fields: { users: 'true' }, parameters: { [name]: value } });
        await expect(issuance).rejects.toThrow(
          new InvalidRequestError(
            'user, session_id and device_id must be 1 to 128 printable ASCII characters',
          ),
        );
      },
    );

    test('may have 128 characters', async () => {
      const parameters = { [name]: '~'.repeat(128) };
      await expect(exchange({ fields: { users: 'true' }, parameters })).resolves.toBeDefined();
    });
  });
});

describe('lifetime', () => {
  test.each([
    ['that of the key', { token_ttl: '120' }, {}, 120],
    ['the shortest of the scope', { scope_ttl: { 'read:documents': '60', 'write:documents': '30' } }, {}, 30],
    [
      'not that of a scope not asked for',
      { scope_ttl: { 'write:documents': '30' } },
      { scope: 'read:documents' },
      600,
    ],
    ['that of the API key if a scope has a longer one', { scope_ttl: { 'read:documents': '900' } }, {}, 600],
    ['until the key expires', { expires_at: '2030-01-01T00:01:40Z' }, {}, 100],
    ['that of the API key if the key expires later', { expires_at: '2030-01-01T00:20:00Z' }, {}, 600],
  ])('is %s', async (_, fields, parameters, seconds) => {
    const { response, token } = await exchange({ fields, parameters: untyped(parameters) });
    expect(response.expires_in).toBe(seconds);
    expect(token.claims.exp).toBe(NOW + seconds);
  });

  test.each([0, 0.25, 0.999])('ends when the API key expires, at %d s past the second', async (fraction) => {
    const { claims } = await tokenOf({ fields: { expires_at: '2030-01-01T00:01:40Z' }, now: NOW + fraction });
    expect(claims.exp).toBeLessThanOrEqual(NOW + 100);
    expect(claims.exp).toBeGreaterThanOrEqual(NOW + 99);
  });

  test('ends when the API key expires, however long the claims hook takes', async () => {
    const { claims } = await tokenOf({ fields: { expires_at: '2030-01-01T00:01:40Z' }, issuedAt: NOW + 30 });
    expect(claims.exp).toBeLessThanOrEqual(NOW + 100);
  });
});

describe('the claims hook', () => {
  const withHook = (claims: JsonObject) => exchange({ hook: () => claims });

  test('receives the API key and the whole context', async () => {
    const calls: [ApiKey, ClaimsContext][] = [];
    const apiKey = apiKeyOf({ users: 'true' });
    await exchange({
      apiKey,
      parameters: { scope: 'read:documents', user: 'alice', session_id: 's-1', device_id: 'd-1' },
      origin: { ip: '192.0.2.1', userAgent: 'curl/8' },
      hook: (...call) => {
        calls.push(call);
        return {};
      },
    });
    const context = {
      scope: ['read:documents'],
      audience: AUDIENCE,
      user: 'alice',
      sessionId: 's-1',
      deviceId: 'd-1',
      ip: '192.0.2.1',
      userAgent: 'curl/8',
    };
    expect(calls).toEqual([[apiKey, context]]);
  });

  test('receives no members for parameters that were not sent', async () => {
    let context: object = {};
    await exchange({
      hook: (_, given) => {
        context = given;
        return {};
      },
    });
    expect(Object.keys(context).sort()).toEqual(['audience', 'scope']);
  });

  test.each<[string, ClaimsHook]>([
    ['at once', () => ({ tenant: { id: 'acme' } })],
    ['later', async () => ({ tenant: { id: 'acme' } })],
  ])('adds claims %s', async (_, hook) => {
    expect((await tokenOf({ hook })).claims['tenant']).toEqual({ id: 'acme' });
  });

  test.each([...RESERVED_CLAIMS].filter((name) => name !== '__proto__'))('cannot emit %s', async (name) => {
    await expect(withHook({ [name]: 'forged' })).rejects.toThrow(
      new TypeError(
        `tokenRouter: claims must not return the reserved claim ${name}: choose a different name`,
      ),
    );
  });

  test.each([
    ['a list', '[]'],
    ['text', '"text"'],
    ['nothing', 'null'],
    ['a claim named __proto__', '{"__proto__":{"scope":"admin"}}'],
    ['claims that nest too deep', `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`],
  ])('cannot emit %s', async (_, json) => {
    await expect(withHook(JSON.parse(json))).rejects.toThrow(TypeError);
  });

  test('that fails makes the issuance fail without an audit event', async () => {
    const { audit, records } = createAuditRecorder();
    const tokens = createIssuerAndVerifier({
      keyRing: KEY_RING,
      issuer: ISSUER,
      audience: AUDIENCE,
      audit,
      clock,
    });
    const hook = () => Promise.reject(new Error('directory is down'));
    const issuance = clientCredentialsGrant(hook === undefined ? {} : { claimsHook: hook }).handle({
      tokens,
      apiKey: apiKeyOf(),
      isPublic: false,
      apiKeys: { get: () => apiKeyOf() },
      parameters: new Map(),
      defaultAudience: AUDIENCE,
      requestedAt: NOW,
      origin: {},
      clock,
    });
    await expect(issuance).rejects.toMatchObject({
      message: 'tokenRouter: the claims hook failed: see the cause of this error',
      cause: { message: 'directory is down' },
    });
    expect(records).toEqual([]);
  });

  test('is not called for a rejected request', async () => {
    let calls = 0;
    const hook = () => {
      calls += 1;
      return {};
    };
    await expect(exchange({ hook, parameters: { scope: 'admin' } })).rejects.toThrow(InvalidScopeError);
    expect(calls).toBe(0);
  });

  test('cannot widen the requested scope', async () => {
    const hook: ClaimsHook = (_, { scope }) => {
      Reflect.set(scope, scope.length, 'admin');
      return {};
    };
    const { response, token } = await exchange({ hook, parameters: { scope: 'read:documents' } });
    expect(response.scope).toBe('read:documents');
    expect(token.hasScope('admin')).toBe(false);
  });

  test('cannot widen the permissions of the key', async () => {
    const hook: ClaimsHook = (key, { scope }) => {
      Reflect.set(scope, scope.length, 'admin');
      Reflect.set(key.permissions, key.permissions.length, 'admin');
      Reflect.set(key.models, key.models.length, { name: 'm' });
      Reflect.set(key, 'type', 'api_call');
      return {};
    };
    const token = await tokenOf({ hook });
    expect(token.scope).toEqual(['read:documents', 'write:documents']);
    expect(token.claims).toMatchObject({ type: 'tiered_model_exec', allowed_models: ['echo-1'] });
  });

  test('cannot change the metadata of the key', async () => {
    const hook: ClaimsHook = (key) => {
      Reflect.set(Object(key.metadata['plan']), 'tier', 'gold');
      return {};
    };
    const { claims } = await tokenOf({ fields: { metadata: { plan: { tier: 'free' } } }, hook });
    expect(claims.metadata).toEqual({ plan: { tier: 'free' } });
  });

  test('cannot change the audience and the subject', async () => {
    const hook: ClaimsHook = (_, context) => {
      Reflect.set(context, 'audience', OTHER);
      Reflect.set(context, 'user', 'mallory');
      return {};
    };
    expect((await tokenOf({ hook })).claims).toMatchObject({ aud: AUDIENCE, sub: 'demo' });
  });
});

describe('the size of tokens', () => {
  test('is within the limit for the longest identities of every valid API key', async () => {
    const fileOf = (length: number) =>
      `${MINIMAL_FILE}users: true\naudiences: [${OTHER}]\nmetadata: {note: "${'x'.repeat(length)}"}\n`;
    const loads = (length: number) =>
      loadFile(fileOf(length)).then(
        () => true,
        () => false,
      );
    let [fits, exceeds] = [0, 4096];
    while (exceeds - fits > 1) {
      const middle = Math.floor((fits + exceeds) / 2);
      if (await loads(middle)) fits = middle;
      else exceeds = middle;
    }
    const identity = 'x'.repeat(128);
    const parameters = { user: identity, session_id: identity, device_id: identity };
    const response = await responseOf({ apiKey: await loadFile(fileOf(fits)), parameters });
    expect(response.access_token.length).toBeLessThanOrEqual(4096);
    expect(fits).toBeGreaterThan(1000);
  });
});
