import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readSettings } from '../../examples/gateway/settings.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

const PAGE = 'https://app.example.com';
const keys = { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) };

let open: ModelGateway;
let closed: ModelGateway;

beforeAll(async () => {
  open = await startModelGateway({ keys, environment: { CORS_ORIGINS: `${PAGE}, http://localhost:5173` } });
  closed = await startModelGateway({ keys });
});

afterAll(async () => {
  await open.close();
  await closed.close();
});

const preflight = (gateway: ModelGateway, path: string, origin: string): Promise<Response> =>
  fetch(gateway.origin + path, {
    method: 'OPTIONS',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,dpop',
    },
  });

describe('a page of a configured origin', () => {
  test.each([
    ...['/v1/chat/completions', '/documents', '/sessions', '/admin/configurations', '/proxy/reports'],
    '/.well-known/oauth-protected-resource',
  ])('may send a preflight to %s without a token', async (path) => {
    const { status, headers } = await preflight(open, path, PAGE);

    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(PAGE);
    expect(headers.get('access-control-allow-headers')).toBe('authorization,content-type,dpop');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toContain('Origin');
  });

  test('can read the challenge, the limits, the request ID and the nonce of proofs', async () => {
    const { status, headers } = await fetch(`${open.origin}/v1/models`, { headers: { Origin: PAGE } });
    const exposed = headers.get('access-control-expose-headers');

    expect(status).toBe(401);
    expect(headers.get('access-control-allow-origin')).toBe(PAGE);
    for (const name of ['WWW-Authenticate', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'DPoP-Nonce']) {
      expect(exposed).toContain(name);
    }
    for (const name of ['X-Request-Id', 'Request-Id', 'X-Should-Retry']) expect(exposed).toContain(name);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  test('can read the metadata documents', async () => {
    const { status, headers } = await fetch(`${open.origin}/.well-known/oauth-authorization-server`, {
      headers: { Origin: PAGE },
    });

    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, PAGE]);
  });

  test('needs a token for OPTIONS that is not a preflight', async () => {
    const { status } = await fetch(`${open.origin}/documents`, {
      method: 'OPTIONS',
      headers: { Origin: PAGE },
    });

    expect(status).toBe(401);
  });

  test('has no access to the token endpoint', async () => {
    const { headers } = await preflight(open, '/oauth/token', PAGE);

    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

test.each(['https://evil.example', 'https://app.example.com.evil.example', 'null'])(
  'a page of %s gets no CORS headers',
  async (origin) => {
    expect(
      (await preflight(open, '/v1/models', origin)).headers.get('access-control-allow-origin'),
    ).toBeNull();
  },
);

test('no page gets CORS headers without a configured origin', async () => {
  const { headers } = await preflight(closed, '/v1/models', PAGE);

  expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
});

test.each(['*', 'https://app.example.com/', 'app.example.com', 'https://a.example https://b.example'])(
  '%s is no origin',
  (CORS_ORIGINS) => {
    expect(() => readSettings({ CORS_ORIGINS })).toThrow(
      'CORS_ORIGINS must be a comma-separated list of origins',
    );
  },
);
