import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { type RemoteJwksOptions, remoteJwks } from '../../src/keys/remote-jwks.js';
import { VERIFICATION_ALGORITHMS } from '../../src/keys/verification-algorithms.js';
import type { VerificationKeys } from '../../src/keys/verification-keys.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { rejectionOf, thrownBy } from '../support/caught.js';
import { type JwksServer, startJwksServer } from '../support/jwks-server.js';
import {
  generateEc,
  generateOkp,
  generateRecipient,
  generateRsa,
  generateSigner,
} from '../support/key-pairs.js';
import { NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

let one: Jwk;
let two: Jwk;
let server: JwksServer;
let now = NOW;

beforeAll(() => {
  one = generateSigner('EdDSA', { kid: 'one' }).publicJwk;
  two = generateSigner('ES256', { kid: 'two' }).publicJwk;
});
beforeEach(async () => {
  now = NOW;
  server = await startJwksServer([one]);
});
afterEach(() => server.stop());

function connect(options: Partial<RemoteJwksOptions> = {}): VerificationKeys {
  return remoteJwks({ url: server.url, clock: () => now, ...options });
}

async function isOutage(finding: unknown): Promise<boolean> {
  return (await rejectionOf(Promise.resolve(finding))) instanceof TemporarilyUnavailableError;
}

function setOf(keys: readonly unknown[]): string {
  return JSON.stringify({ keys });
}

/** A JWK Set of so many bytes that holds no key. */
function emptySet(bytes: number): string {
  const [before, after] = ['{"keys":[],"x":"', '"}'];
  return `${before}${'x'.repeat(bytes - before.length - after.length)}${after}`;
}

describe('a remote JWK Set', () => {
  test('is loaded when a key is first asked for, and then kept', async () => {
    const keys = connect();
    expect(server.requests()).toBe(0);
    expect(await keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one', alg: 'EdDSA' });
    now += 599;
    expect(keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
    expect(server.requests()).toBe(1);
  });

  test('is loaded by one request, however many tokens ask at once', async () => {
    const keys = connect();
    const found = await Promise.all(Array.from({ length: 50 }, () => keys.find('one', 'EdDSA')));
    expect(found.every((key) => key?.kid === 'one')).toBe(true);
    expect(server.requests()).toBe(1);
  });

  test('is reloaded after its maximum age, so that a withdrawn key is rejected', async () => {
    const keys = connect({ maxAgeSeconds: 60 });
    await keys.find('one', 'EdDSA');
    server.publish([two]);
    now += 59;
    expect(await keys.find('one', 'EdDSA')).toBeDefined();
    now += 1;
    expect(await keys.find('one', 'EdDSA')).toBeUndefined();
    expect(await keys.find('two', 'ES256')).toBeDefined();
  });

  test('is loaded again when the clock was set back', async () => {
    const keys = connect();
    await keys.find('one', 'EdDSA');
    now -= 3600;
    await keys.find('one', 'EdDSA');
    expect(server.requests()).toBe(2);
  });

  test('is reloaded for an unknown kid, so that a new key works at once', async () => {
    const keys = connect();
    await keys.find('one', 'EdDSA');
    server.publish([one, two]);
    now += 30;
    expect(await keys.find('two', 'ES256')).toMatchObject({ alg: 'ES256' });
  });

  test('is loaded once per cooldown, however many unknown kids arrive', async () => {
    const keys = connect();
    await keys.find('one', 'EdDSA');
    for (let second = 0; second < 90; second += 1) {
      const flood = Array.from({ length: 20 }, (_, index) =>
        keys.find(`unknown-${second}-${index}`, 'EdDSA'),
      );
      expect((await Promise.all(flood)).every((key) => key === undefined)).toBe(true);
      now += 1;
    }
    expect(server.requests()).toBe(3);
    expect(keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
  });

  test('is loaded once for 1000 unknown kids within a cooldown', async () => {
    const keys = connect();
    await keys.find('one', 'EdDSA');
    now += 30;
    for (let index = 0; index < 1000; index += 1) {
      expect(await keys.find(`unknown-${index}`, 'EdDSA')).toBeUndefined();
    }
    expect(server.requests()).toBe(2);
  });

  test('lists what it has loaded', async () => {
    const keys = connect();
    expect(keys.exportPublicKeys()).toEqual({ keys: [] });
    await keys.find('one', 'EdDSA');
    expect(keys.exportPublicKeys()).toEqual({ keys: [{ ...one, use: 'sig' }] });
  });
});

describe('keys of a remote set', () => {
  test('for algorithms off the allow-list are ignored', async () => {
    server.publish([
      ...[null, 7, 'text', [], {}, { kty: 'oct', kid: 'shared', alg: 'HS256', k: 'AAAA' }],
      { ...two, kid: 'encryption', use: 'enc' },
      generateRecipient('RSA-OAEP-256', { kid: 'rsa-oaep' }).publicJwk,
      generateSigner('EdDSA', { kid: 'private' }).privateJwk,
      generateRsa({ kid: 'weak', alg: 'RS256' }, 1024).publicJwk,
      { ...one, kid: undefined },
      one,
    ]);
    const keys = connect();
    expect(await keys.find('one', 'EdDSA')).toBeDefined();
    expect(keys.exportPublicKeys().keys).toHaveLength(1);
  });

  test('that share a name are left out, since neither can be meant', async () => {
    server.publish([one, { ...two, kid: 'one' }, two]);
    const keys = connect();
    expect(await keys.find('one', 'EdDSA')).toBeUndefined();
    expect(await keys.find('two', 'ES256')).toBeDefined();
  });

  test('of RSA without alg are for the algorithm in the option', async () => {
    server.publish([generateRsa({ kid: 'rsa' }).publicJwk]);
    for (const rsaAlgorithm of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const) {
      expect(await connect({ rsaAlgorithm }).find('rsa', rsaAlgorithm)).toMatchObject({ alg: rsaAlgorithm });
    }
    expect(await connect().find('rsa', 'RS256')).toBeUndefined();
  });

  test('of every verification algorithm are accepted', async () => {
    const { publicJwk: rsa } = generateRsa();
    const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
    server.publish([
      ...VERIFICATION_ALGORITHMS.filter((alg) => /^(RS|PS)/.test(alg)).map((alg) => ({
        ...rsa,
        alg,
        kid: alg,
      })),
      ...Object.entries(curves).map(([alg, curve]) => generateEc(curve, { alg, kid: alg }).publicJwk),
      ...['EdDSA', 'Ed25519'].map((alg) => generateOkp('ed25519', { alg, kid: alg }).publicJwk),
    ]);
    const keys = connect();
    for (const alg of VERIFICATION_ALGORITHMS) {
      expect(await keys.find(alg, alg)).toMatchObject({ kid: alg, alg });
    }
  });

  test('without kid in the token are the only key of the algorithm', async () => {
    server.publish([one, two, generateSigner('ES256', { kid: 'three' }).publicJwk]);
    const keys = connect();
    expect(await keys.find(undefined, 'EdDSA')).toMatchObject({ kid: 'one' });
    expect(keys.find(undefined, 'Ed25519')).toMatchObject({ kid: 'one' });
    expect(await keys.find(undefined, 'ES256')).toBeUndefined();
    expect(await keys.find(undefined, 'RS256')).toBeUndefined();
    expect(server.requests()).toBe(1);
  });

  test('are found without kid after a reload, like an unknown kid', async () => {
    const keys = connect();
    expect(await keys.find(undefined, 'ES256')).toBeUndefined();
    server.publish([one, two]);
    now += 30;
    expect(await keys.find(undefined, 'ES256')).toMatchObject({ kid: 'two' });
  });

  test('stay the same object while their JWK does not change', async () => {
    const keys = connect({ maxAgeSeconds: 60 });
    server.publish([one, two]);
    const [first, second] = [await keys.find('one', 'EdDSA'), await keys.find('two', 'ES256')];
    const renewed = generateSigner('ES256', { kid: 'two' }).publicJwk;
    server.publish([renewed, Object.fromEntries(Object.entries(one).reverse())]);
    now += 60;
    expect(await keys.find('two', 'ES256')).not.toBe(second);
    expect(await keys.find('one', 'EdDSA')).toBe(first);
    expect(server.requests()).toBe(2);
  });

  test('of RSA that say an alg keep it', async () => {
    server.publish([generateSigner('RS256', { kid: 'rsa' }).publicJwk]);
    expect(await connect({ rsaAlgorithm: 'PS256' }).find('rsa', 'RS256')).toMatchObject({ alg: 'RS256' });
  });

  test('are imported one at a time, so that requests are answered meanwhile', async () => {
    const turns = { during: 0 };
    const count = (): void => {
      turns.during += 1;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    const send = async () => new Response(setOf([one, ...Array(60).fill(two)]));
    await connect({ fetch: send }).find('one', 'EdDSA');
    clearImmediate(timer);
    expect(turns.during).toBeGreaterThanOrEqual(60);
  });

  test('may all be withdrawn', async () => {
    server.publish([]);
    expect(await connect().find('one', 'EdDSA')).toBeUndefined();
  });
});

describe('an outage', () => {
  test('leaves the keys of the last set in use, and is tried again at intervals', async () => {
    const keys = connect();
    await keys.find('one', 'EdDSA');
    await server.stop();
    now += 3600;
    expect(await keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
    expect(await keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
    await server.start();
    server.publish([two]);
    expect(await keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
    now += 5;
    expect(await keys.find('two', 'ES256')).toBeDefined();
    expect(await keys.find('one', 'EdDSA')).toBeUndefined();
  });

  test('by a server that does not answer costs one request a wait, and no other', async () => {
    const keys = connect({ timeoutMs: 60 });
    await keys.find('one', 'EdDSA');
    server.answer(() => {});
    now += 600;
    expect(keys.find('one', 'EdDSA')).toBeInstanceOf(Promise);
    expect(await keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
    for (let round = 0; round < 5; round += 1) {
      now += 600;
      expect(keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
    }
    expect(await isOutage(keys.find('two', 'ES256'))).toBe(true);
  });

  test('does not reject the token if no keys are loaded yet', async () => {
    await server.stop();
    const keys = connect();
    expect(await isOutage(keys.find('one', 'EdDSA'))).toBe(true);
    await server.start();
    expect(await isOutage(keys.find('one', 'EdDSA'))).toBe(true);
    now += 5;
    expect(await keys.find('one', 'EdDSA')).toBeDefined();
  });

  test('does not reject the token if its key may have been published meanwhile', async () => {
    const keys = connect();
    await keys.find('one', 'EdDSA');
    await server.stop();
    now += 30;
    expect(await isOutage(keys.find('two', 'ES256'))).toBe(true);
    expect(await keys.find('one', 'EdDSA')).toBeDefined();
  });

  test('is recorded once, and so is its end', async () => {
    const { audit, records } = createAuditRecorder();
    const keys = connect({ audit, url: `${server.url}?secret=1` });
    await keys.find('one', 'EdDSA');
    await server.stop();
    for (let round = 0; round < 3; round += 1) {
      now += 600;
      expect(await isOutage(keys.find('unknown', 'EdDSA'))).toBe(true);
    }
    await server.start();
    for (let round = 0; round < 3; round += 1) {
      now += 600;
      expect(await keys.find('unknown', 'EdDSA')).toBeUndefined();
    }
    expect(records).toMatchObject([
      { type: 'jwks.unreachable', source: server.url },
      { type: 'jwks.reachable', source: server.url },
    ]);
  });

  test('is survived by a sink that fails', async () => {
    const keys = connect({ audit: { enabled: true, record: () => Promise.reject(new Error('disk full')) } });
    await server.stop();
    expect(await isOutage(keys.find('one', 'EdDSA'))).toBe(true);
  });

  test.each<[string, Parameters<JwksServer['answer']>[0], RegExp]>([
    ['an error', (_req, res) => res.writeHead(500).end('{"keys":[]}'), /returned status 500, expected 200/],
    ['not found', (_req, res) => res.writeHead(404).end('{"keys":[]}'), /returned status 404, expected 200/],
    ['no content', (_req, res) => res.writeHead(204).end(), /returned status 204, expected 200/],
    ['a redirect', (req, res) => res.writeHead(302, { Location: `${req.url}2` }).end(), /fetch failed/],
    ['text', (_req, res) => res.end('<html>'), /JSON/],
    ['nothing', (_req, res) => res.end(), /JSON/],
    ['an array', (_req, res) => res.end('[]'), /is not a JWK Set/],
    ['a number', (_req, res) => res.end('7'), /is not a JWK Set/],
    ['null', (_req, res) => res.end('null'), /is not a JWK Set/],
    ['no keys', (_req, res) => res.end('{"keys":{}}'), /is not a JWK Set/],
    [
      'a cut answer',
      (_req, res) => res.writeHead(200, { 'Content-Length': 99 }).write('{"keys":', () => res.destroy()),
      /terminated/,
    ],
    [
      'more than 256 KiB',
      (_req, res) => res.end(emptySet(256 * 1024 + 1)),
      /larger than 262144 bytes: check url/,
    ],
    [
      'more than 100 keys',
      (_req, res) => res.end(setOf(Array(101).fill({}))),
      /more than 100 keys: ask the issuer/,
    ],
  ])('is %s, with the cause', async (_what, listener, message) => {
    server.answer(listener);
    const outage = await rejectionOf(Promise.resolve(connect().find('one', 'EdDSA')));

    expect(outage).toBeInstanceOf(TemporarilyUnavailableError);
    expect(outage).toMatchObject({ cause: { message: expect.stringMatching(message) } });
    expect(server.requests()).toBe(1);
  });

  test('is no answer of 100 keys', async () => {
    server.publish([one, ...Array(99).fill({})]);
    expect(await connect().find('one', 'EdDSA')).toMatchObject({ alg: 'EdDSA' });
  });

  test('is no answer of 256 KiB', async () => {
    server.answer((_req, res) => res.end(emptySet(256 * 1024)));
    expect(await connect().find('one', 'EdDSA')).toBeUndefined();
  });

  test('is an answer without an end, of which no more is read than fits', async () => {
    let written = 0;
    const closed = new Promise<void>((resolve) => {
      server.answer((_req, res) => {
        const write = (): void => {
          while (!res.destroyed && res.write('x'.repeat(16_384))) written += 16_384;
        };
        res.on('drain', write).on('close', () => resolve());
        write();
      });
    });
    expect(await isOutage(connect().find('one', 'EdDSA'))).toBe(true);
    await closed;
    expect(written).toBeLessThan(16 * 1024 * 1024);
  });

  test.each(['before', 'within'])('is a server that falls silent %s its answer', async (when) => {
    server.answer((_req, res) => void (when === 'within' && res.write('{"keys":[')));
    expect(await isOutage(connect({ timeoutMs: 60 }).find('one', 'EdDSA'))).toBe(true);
  });
});

describe('the options', () => {
  test.each([
    'http://jwks.example.com/',
    'http://127.0.0.1.example.com/',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'https://user:pass@jwks.example.com/',
    'https://user@jwks.example.com/',
    '/jwks',
    '',
  ])('reject the URL %j', (url) => {
    expect(thrownBy(() => remoteJwks({ url }))).toBeInstanceOf(TypeError);
  });

  test.each([
    'https://jwks.example.com/keys?a=b',
    'http://localhost:8080/',
    'http://[::1]/',
    'http://127.0.0.2/',
  ])('accept the URL %j', (url) => {
    expect(() => remoteJwks({ url })).not.toThrow();
  });

  test.each([
    [
      { url: 7 },
      'remoteJwks: url must be an absolute https URL (http on loopback only), for example "https://service.example.com"',
    ],
    [{ maxAgeSeconds: 0 }, 'remoteJwks: maxAgeSeconds must be a positive number, for example 600'],
    [{ maxAgeSeconds: '600' }, 'remoteJwks: maxAgeSeconds must be a positive number, for example 600'],
    [{ cooldownSeconds: -1 }, 'remoteJwks: cooldownSeconds must be a positive number, for example 30'],
    [{ timeoutMs: null }, 'remoteJwks: timeoutMs must be a positive number, for example 5000'],
    [
      { rsaAlgorithm: 'none' },
      'remoteJwks: rsaAlgorithm must be one of RS256, RS384, RS512, PS256, PS384, PS512: omit it to ignore RSA keys without alg',
    ],
    [{ fetch: 7 }, 'remoteJwks: fetch must be a function, for example globalThis.fetch'],
    [{ clock: 7 }, 'remoteJwks: clock must be a function, for example () => Date.now() / 1000'],
    [
      { audit: {} },
      'remoteJwks: audit must be an AuditTrail: pass the result of createAuditTrail({ sinks })',
    ],
    [
      { maxAge: 1 },
      'remoteJwks: unknown option maxAge; expected one of: url, rsaAlgorithm, maxAgeSeconds, cooldownSeconds, timeoutMs, audit, clock, fetch',
    ],
  ])('reject %j', (options, message) => {
    const [bad] = untyped([{ url: 'https://jwks.example.com/', ...options }]);
    expect(thrownBy(() => remoteJwks(bad))).toEqual(new TypeError(message));
  });

  test('accept another fetch, which gets redirect: error and the Accept header', async () => {
    const seen: unknown[] = [];
    const fetchKeys: typeof fetch = async (url, init) => {
      seen.push(String(url), init?.redirect, init?.signal instanceof AbortSignal, init?.headers);
      return new Response(JSON.stringify({ keys: [one] }));
    };
    expect(await connect({ fetch: fetchKeys }).find('one', 'EdDSA')).toBeDefined();
    const headers = { Accept: 'application/jwk-set+json, application/json' };
    expect(seen).toEqual([server.url, 'error', true, headers]);
  });
});
