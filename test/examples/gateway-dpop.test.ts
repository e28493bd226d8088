import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import { readSettings } from '../../examples/gateway/settings.js';
import { type BoundClient, createBoundClient } from '../support/bound-client.js';
import { rejectionOf } from '../support/caught.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { type PrefixProxy, startPrefixProxy } from '../support/prefix-proxy.js';

const keys = { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) };
const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256', 'ES384', 'ES512'];

let proxy: PrefixProxy;
let allowing: ModelGateway;
let requiring: ModelGateway;
let off: ModelGateway;
let prefixed: ModelGateway;

beforeAll(async () => {
  proxy = await startPrefixProxy('/gateway');
  const start = (environment: Readonly<Record<string, string>>) =>
    startModelGateway({ keys, environment: { SHUTDOWN_DELAY_MS: '1', ...environment } });
  [allowing, requiring, off, prefixed] = await Promise.all([
    start({}),
    start({ DPOP: 'require' }),
    start({ DPOP: 'off' }),
    start({ PUBLIC_URL: `${proxy.url}/` }),
  ]);
  proxy.forwardTo(prefixed.origin);
});

afterAll(async () => {
  await Promise.all([allowing, requiring, off, prefixed].map((gateway) => gateway.close()));
  await proxy.close();
});

async function documentsOf({ origin }: Pick<ModelGateway, 'origin'>) {
  const read = async (name: string) =>
    JSON.parse(await (await fetch(`${origin}/.well-known/${name}`)).text());
  return {
    server: await read('oauth-authorization-server'),
    resource: await read('oauth-protected-resource'),
  };
}

/** Returns the status, the challenge and the message of a response of `/v1`. */
async function describeAnswer(answer: Response) {
  const { error } = JSON.parse(await answer.text());
  return {
    status: answer.status,
    challenge: answer.headers.get('www-authenticate'),
    message: error?.message,
  };
}

describe('the gateway without the setting DPOP', () => {
  let client: BoundClient;
  let token: string;

  beforeAll(async () => {
    client = await createBoundClient(allowing.origin);
    token = await client.tokenOf('sk-demo');
  });

  test('binds tokens to the key of the proof', async () => {
    const answer = await client.exchange('sk-demo');

    expect(answer.status).toBe(200);
    expect(JSON.parse(await answer.text())).toMatchObject({ token_type: 'DPoP' });
  });

  test('accepts a bound token with a proof', async () => {
    expect((await client.get('/v1/models', token)).status).toBe(200);
  });

  test.each([
    ['Authorization', (stolen: string) => `Bearer ${stolen}`],
    ['x-api-key', (stolen: string) => stolen],
  ])('rejects a bound token without a proof in %s', async (name, write) => {
    const answer = await fetch(`${allowing.origin}/v1/models`, { headers: { [name]: write(token) } });
    const { status, challenge, message } = await describeAnswer(answer);

    expect(status).toBe(401);
    expect(challenge).toMatch(
      /^Bearer realm="gateway", error="invalid_token", .*DPoP realm="gateway", algs=/,
    );
    expect(message).toBe('The access token is not valid');
  });

  test('rejects a bound token with the proof of a different key', async () => {
    const thief = await createBoundClient(allowing.origin);
    const { status, challenge } = await describeAnswer(await thief.get('/v1/models', token));

    expect(status).toBe(401);
    expect(challenge).toContain('error="invalid_token"');
  });

  test.each(['/v1/models', '/documents'])('rejects a repeated proof for %s', async (path) => {
    const proof = await client.prove('GET', path, token);
    expect((await client.get(path, token, proof)).status).not.toBe(401);
    const repeated = await client.get(path, token, proof);

    expect(repeated.status).toBe(401);
    expect(repeated.headers.get('www-authenticate')).toContain('error="invalid_dpop_proof"');
  });

  test('accepts bearer tokens too', async () => {
    const headers = { Authorization: `Bearer ${await allowing.tokenOf('demo')}` };

    expect((await fetch(`${allowing.origin}/v1/models`, { headers })).status).toBe(200);
  });

  test('lists the algorithms of proofs in both metadata documents', async () => {
    const { server, resource } = await documentsOf(allowing);

    expect(server.dpop_signing_alg_values_supported).toEqual(ALGORITHMS);
    expect(resource.dpop_signing_alg_values_supported).toEqual(ALGORITHMS);
    expect(resource).not.toHaveProperty('dpop_bound_access_tokens_required');
  });
});

describe('the gateway with DPOP=require', () => {
  let client: BoundClient;
  let token: string;

  beforeAll(async () => {
    client = await createBoundClient(requiring.origin);
    token = await client.tokenOf('sk-demo');
  });

  test('accepts a bound token with a proof', async () => {
    expect((await client.get('/v1/models', token)).status).toBe(200);
  });

  test('issues no tokens without a proof', async () => {
    const answer = await fetch(`${requiring.origin}/oauth/token`, {
      method: 'POST',
      headers: { 'X-API-Key': 'sk-demo' },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });

    expect(answer.status).toBe(400);
    expect(JSON.parse(await answer.text())).toMatchObject({ error: 'invalid_dpop_proof' });
  });

  test("tells OpenAI's client that a proof is required", async () => {
    const openai = new OpenAI({ baseURL: `${requiring.origin}/v1`, apiKey: token, maxRetries: 0 });
    const rejection = await rejectionOf(openai.models.list());

    expect(rejection).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(rejection).toMatchObject({
      message: expect.stringContaining('This gateway requires DPoP (RFC 9449)'),
    });
  });

  test("tells Anthropic's client that a proof is required", async () => {
    const anthropic = new Anthropic({ baseURL: requiring.origin, apiKey: token, maxRetries: 0 });
    const rejection = await rejectionOf(anthropic.models.list());

    expect(rejection).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(rejection).toMatchObject({
      message: expect.stringContaining('This gateway requires DPoP (RFC 9449)'),
    });
  });

  test('names the fault of a proof', async () => {
    const answer = await client.get('/v1/models', token, await client.prove('GET', '/v1', token));
    const { challenge, message } = await describeAnswer(answer);

    expect(challenge).toMatch(/^DPoP realm="gateway", error="invalid_dpop_proof"/);
    expect(message).toBe('The DPoP proof is not valid: htu differs from the URL of the request');
  });

  test('publishes that tokens must be bound', async () => {
    const { resource } = await documentsOf(requiring);

    expect(resource).toMatchObject({
      dpop_signing_alg_values_supported: ALGORITHMS,
      dpop_bound_access_tokens_required: true,
    });
  });
});

describe('the gateway with DPOP=off', () => {
  test('issues bearer tokens, and accepts no proofs', async () => {
    const client = await createBoundClient(off.origin);
    const answer = JSON.parse(await (await client.exchange('sk-demo')).text());
    const { status, headers } = await client.get('/v1/models', answer.access_token);

    expect(answer.token_type).toBe('Bearer');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).not.toContain('DPoP');
  });

  test('does not list algorithms of proofs', async () => {
    const { server, resource } = await documentsOf(off);

    expect(server).not.toHaveProperty('dpop_signing_alg_values_supported');
    expect(resource).not.toHaveProperty('dpop_signing_alg_values_supported');
  });
});

describe('the gateway behind a proxy that removes the prefix of PUBLIC_URL', () => {
  test('accepts proofs for URLs of the proxy at the token endpoint and the API', async () => {
    const client = await createBoundClient(proxy.url);
    const token = await client.tokenOf('sk-demo');

    expect((await client.get('/v1/models', token)).status).toBe(200);
    expect((await client.get('/v1/models?limit=1', token)).status).toBe(200);
  });

  test('rejects proofs for its address behind the proxy', async () => {
    const client = await createBoundClient(proxy.url, prefixed.origin);
    const answer = await client.exchange('sk-demo');

    expect(answer.status).toBe(400);
    expect(JSON.parse(await answer.text()).error_description).toContain('htu differs from the URL');
  });

  test('publishes URLs of the proxy', async () => {
    const { server } = await documentsOf({ origin: proxy.url });

    expect(server).toMatchObject({
      issuer: prefixed.origin,
      token_endpoint: `${proxy.url}/oauth/token`,
    });
  });
});

describe('the settings of DPoP', () => {
  test.each(['on', 'true', 'ALLOW', 'required', ' '])('reject DPOP=%j', (DPOP) => {
    expect(() => readSettings({ DPOP })).toThrow(
      'DPOP must be "off", "allow" (tokens with and without a key)',
    );
  });

  test.each([undefined, ''])('default to allow for %j', (DPOP) => {
    expect(readSettings({ DPOP }).dpop).toBe('allow');
  });

  test.each(
    ['PUBLIC_URL', 'ISSUER'].flatMap((name) =>
      [
        ...['gateway.example.com', 'urn:gateway', 'ftp://gateway.example.com', 'https://a:canary@b.example'],
        ...['https://gateway.example.com/?canary', 'https://gateway.example.com/#canary'],
      ].map((value) => [name, value] as const),
    ),
  )('reject %s=%s without its value in the message', (name, value) => {
    const read = () => readSettings({ [name]: value });

    expect(read).toThrow(`${name} must be an http or https URL without credentials, query or fragment`);
    expect(read).not.toThrow('canary');
  });

  test('remove the slash at the end of PUBLIC_URL', () => {
    expect(readSettings({ PUBLIC_URL: 'https://example.com/gateway/' }).publicUrl).toBe(
      'https://example.com/gateway',
    );
  });
});
