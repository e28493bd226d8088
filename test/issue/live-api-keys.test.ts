import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ConfigurationError, tokenRouter } from 'passport-jwe';
import { loadFile, MINIMAL_FILE } from '../support/api-key-files.js';
import { rejectionOf } from '../support/caught.js';
import { ACCESS_TOKEN_TYPE } from '../support/delegation-app.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { until } from '../support/key-directory.js';
import { keyRingWith } from '../support/key-ring-with.js';
import { createLiveApp, type LiveApp, REPORTS, type Route } from '../support/live-app.js';
import { AUDIENCE, claimsOf, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

const KEY = 'type: api_call\nrate_limits: {}\npermissions: [read]\n';
const DEMO = `api_key: sk-demo\nkey_id: demo\nname: Demo\n${KEY}token_ttl: 3600\n`;
const GATEWAY = `api_key: sk-gateway\nkey_id: gateway\nname: Gateway\n${KEY}`;
const DELEGATION = `delegation: { subjects: [demo], audiences: [${REPORTS}] }\n`;
const DEVICE = `api_key: sk-device\nkey_id: device\nname: Device\n${KEY}refresh_tokens: public\n`;
const FILES = { 'demo.yaml': DEMO, 'gateway.yaml': GATEWAY, 'device.yaml': DEVICE };

const OFFLINE = { scope: 'offline_access' };

let app: LiveApp;

beforeEach(async () => {
  app = await createLiveApp(FILES);
});

afterEach(() => app.dispose());

/** Takes effect as a change of the file does, a second later. */
async function change(content: string | undefined): Promise<void> {
  app.setTime(NOW + 1);
  if (content === undefined) await app.directory.remove('demo.yaml');
  else await app.directory.put('demo.yaml', content);
  await app.apiKeys.reload();
}

const exchangeOf = (token: string) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: token,
  subject_token_type: ACCESS_TOKEN_TYPE,
});

const lastReason = (type: 'token.refused' | 'issuance.refused') =>
  app.records.flatMap((record) => (record.type === type ? [record.reason] : [])).at(-1);

describe.each([
  ['removed', undefined],
  ['deactivated', `${DEMO}active: false\n`],
  ['given an end that is over', `${DEMO}expires_at: 2029-12-31T00:00:00Z\n`],
])('a key that was %s', (_, content) => {
  test('gets no more tokens', async () => {
    const { refreshToken } = await app.exchange('sk-demo', OFFLINE);
    await change(content);

    const refresh = { grant_type: 'refresh_token', refresh_token: refreshToken };
    expect(await app.exchange('sk-demo')).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(await app.exchange('sk-demo', refresh)).toMatchObject({ status: 401 });
  });

  test.each<[Route, string]>([
    ['files', 'key_inactive'],
    ['stream', 'revoked'],
  ])('has its tokens rejected by %s', async (route, reason) => {
    const { token } = await app.exchange('sk-demo');
    expect(await app.use(route, token)).toBe(200);
    await change(content);

    expect(await app.use(route, token)).toBe(401);
    expect(lastReason('token.refused')).toBe(reason);
    expect(await app.use('nothing', token)).toBe(200);
  });

  test('has the tokens delegated from its own rejected', async () => {
    await app.directory.put('gateway.yaml', GATEWAY + DELEGATION);
    await app.apiKeys.reload();
    const { token: subject } = await app.exchange('sk-demo');
    const { token } = await app.exchange('sk-gateway', exchangeOf(subject));
    expect(await app.use('files', token)).toBe(200);
    await app.directory.put('gateway.yaml', GATEWAY);
    await change(content);
    expect([await app.use('files', token), await app.use('stream', token)]).toEqual([401, 401]);
  });

  test('has its tokens reported as inactive by introspection', async () => {
    await app.directory.put('gateway.yaml', `${GATEWAY}introspects: [${AUDIENCE}]\n`);
    await app.apiKeys.reload();
    const { token } = await app.exchange('sk-demo');
    expect((await app.introspect('sk-gateway', token)).body['active']).toBe(true);
    await change(content);

    expect((await app.introspect('sk-gateway', token)).body).toEqual({ active: false });
  });
});

describe('a key', () => {
  test('that expires has its tokens rejected from then on', async () => {
    await change(`${DEMO}expires_at: 2030-01-01T00:10:00Z\n`);
    const token = mintToken(await createRing(), { claims: { exp: NOW + 3600 } });
    app.setTime(NOW + 599.9);
    expect(await app.use('files', token)).toBe(200);
    app.setTime(NOW + 600);
    expect(await app.use('files', token)).toBe(401);
  });

  test('that was deactivated cannot have its tokens exchanged', async () => {
    await app.directory.put('gateway.yaml', GATEWAY + DELEGATION);
    await app.apiKeys.reload();
    const { token } = await app.exchange('sk-demo');
    await change(`${DEMO}active: false\n`);

    expect(await app.exchange('sk-gateway', exchangeOf(token))).toMatchObject({ status: 400, token: '' });
  });

  test('of devices that was deactivated cannot refresh their tokens', async () => {
    const { refreshToken } = await app.exchange('sk-device', { ...OFFLINE, device_id: 'd1' });
    await app.directory.put('device.yaml', `${DEVICE}active: false\n`);
    await app.apiKeys.reload();
    const parameters = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: 'device',
      device_id: 'd1',
    };

    expect(await app.exchange(undefined, parameters)).toMatchObject({ status: 401 });
  });

  test('that is activated again has new tokens accepted and old ones rejected', async () => {
    const { token: old, refreshToken } = await app.exchange('sk-demo', OFFLINE);
    await change(`${DEMO}active: false\n`);
    app.setTime(NOW + 2);
    await app.directory.put('demo.yaml', DEMO);
    await app.apiKeys.reload();
    const { token } = await app.exchange('sk-demo');
    const refresh = { grant_type: 'refresh_token', refresh_token: refreshToken };

    expect([await app.use('files', token), await app.use('stream', token)]).toEqual([200, 200]);
    expect(await app.use('stream', old)).toBe(401);
    expect(await app.exchange('sk-demo', refresh)).toMatchObject({ body: { error: 'invalid_grant' } });
  });

  test('that is activated again within the same second gets tokens only in the next, so that none is revoked', async () => {
    await change(`${DEMO}active: false\n`);
    app.setTime(NOW + 1.97);
    await app.directory.put('demo.yaml', DEMO);
    await app.apiKeys.reload();
    expect((await app.exchange('sk-demo')).status).toBe(401);
    app.setTime(NOW + 2);
    await until(() => app.apiKeys.get('demo')?.active === true);

    expect(await app.use('stream', (await app.exchange('sk-demo')).token)).toBe(200);
  });

  test('that is deactivated during a token request gets no token', async () => {
    await app.dispose();
    app = await createLiveApp(FILES, async () => {
      await app.directory.put('demo.yaml', `${DEMO}active: false\n`);
      await app.apiKeys.reload();
      return {};
    });

    expect(await app.exchange('sk-demo')).toMatchObject({ status: 401, token: '' });
    expect(lastReason('issuance.refused')).toBe('inactive');
    expect(app.records.map(({ type }) => type)).not.toContain('token.issued');
  });
});

describe('a token without a configured API key', () => {
  const foreign = async (claims: object) =>
    mintToken(await createRing(), { claims: { type: undefined, ...claims } });

  test('is accepted if it has no client_id', async () => {
    expect(await app.use('files', await foreign({ client_id: undefined }))).toBe(200);
  });

  test('is rejected if it has a client_id', async () => {
    expect(await app.use('files', await foreign({ client_id: 'stranger' }))).toBe(401);
    expect(lastReason('token.refused')).toBe('key_inactive');
  });
});

describe('an audience', () => {
  const WITH_REPORTS = `${DEMO}audiences: [${AUDIENCE}, "${REPORTS}"]\n`;
  const FOR_REPORTS = { audience: REPORTS };

  test('that was added to a key can be requested, and its tokens introspected and revoked', async () => {
    expect((await app.exchange('sk-demo', FOR_REPORTS)).body).toMatchObject({ error: 'invalid_target' });
    await change(WITH_REPORTS);
    const { token } = await app.exchange('sk-demo', FOR_REPORTS);
    expect((await app.introspect('sk-demo', token)).body).toMatchObject({ active: true, aud: REPORTS });
    expect(await app.use('stream', token)).toBe(200);
    expect((await app.revoke('sk-demo', token)).status).toBe(200);

    expect(await app.use('stream', token)).toBe(401);
  });

  test('that was removed leaves its tokens revocable', async () => {
    await change(WITH_REPORTS);
    const { token } = await app.exchange('sk-demo', FOR_REPORTS);
    await change(DEMO);
    expect((await app.exchange('sk-demo', FOR_REPORTS)).status).toBe(400);
    expect((await app.revoke('sk-demo', token)).status).toBe(200);

    expect(await app.use('stream', token)).toBe(401);
  });
});

describe('the requirements of the token router for API keys', () => {
  test('apply to every later set too', async () => {
    await app.directory.put('demo.yaml', `${DEMO}service_audiences: [${AUDIENCE}]\n`);
    const error = await rejectionOf(app.apiKeys.reload());

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({
      problems: [
        {
          line: 8,
          path: 'service_audiences',
          message: expect.stringContaining('no audience can be for both'),
        },
      ],
    });
    expect(app.apiKeys.get('demo')?.serviceAudiences).toEqual([]);
  });

  test('include that no token outlives the key ring', async () => {
    const ring = keyRingWith(await createRing(), {}, { maxTokenLifetimeSeconds: 600 });
    const service = { keyRing: ring, issuer: ISSUER, audience: AUDIENCE, apiKeys: app.apiKeys };
    expect(() => tokenRouter(service)).toThrow(
      'token_ttl of the API key demo exceeds maxTokenLifetimeSeconds of the key ring',
    );
    await change(DEMO.replace('3600', '600'));
    tokenRouter(service);
    await app.directory.put('demo.yaml', DEMO);

    expect(await rejectionOf(app.apiKeys.reload())).toMatchObject({ problems: [{ path: 'token_ttl' }] });
  });
});

describe('the previous key of a rotation', () => {
  test('gets tokens, and audit events name it', async () => {
    const previous = 'previous_api_key: { api_key: sk-demo, expires_at: "2030-01-02T00:00:00Z" }\n';
    await change(DEMO.replace('sk-demo', 'sk-demo-2') + previous);
    const answers = [await app.exchange('sk-demo'), await app.exchange('sk-demo-2')];
    const issued = app.records.filter(({ type }) => type === 'token.issued');

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(issued.map((record) => 'previousApiKey' in record && record.previousApiKey)).toEqual([
      true,
      false,
    ]);
    expect(JSON.stringify(issued)).not.toContain('sk-demo');
  });

  test('gets no tokens after its end', async () => {
    const previous = 'previous_api_key: { api_key: sk-demo, expires_at: "2030-01-01T00:00:01Z" }\n';
    await change(DEMO.replace('sk-demo', 'sk-demo-2') + previous);

    expect((await app.exchange('sk-demo')).status).toBe(401);
    expect(lastReason('issuance.refused')).toBe('previous_key_expired');
  });
});

describe('a resource server', () => {
  test('rejects apiKeys without a get method', async () => {
    const keyRing = await createRing();
    const apiKeys = JSON.parse('{}');
    expect(() => createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys })).toThrow(
      'apiKeys must have the method get()',
    );
  });

  test('accepts a custom look-up', async () => {
    const keyRing = await createRing();
    const known = await loadFile(MINIMAL_FILE);
    const apiKeys = { get: (keyId: string) => (keyId === 'minimal' ? known : undefined) };
    const tokens = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock });

    expect((await tokens.verify(mintToken(keyRing, { claims: { client_id: 'minimal' } }))).type).toBe(
      'tiered_model_exec',
    );
    const refusal = await rejectionOf(tokens.verify(mintToken(keyRing)));

    expect(refusal).toMatchObject({ reason: 'key_inactive', token: { jti: claimsOf()['jti'] } });
    expect(JSON.stringify(refusal)).not.toContain(String(claimsOf()['jti']));
  });
});
