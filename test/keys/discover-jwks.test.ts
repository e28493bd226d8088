import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import { discoverJwks } from '../../src/keys/discover-jwks.js';
import type { Jwk } from '../../src/keys/jwk.js';
import type { DiscoverJwksOptions } from '../../src/keys/resolve-discovery.js';
import type { VerificationKeys } from '../../src/keys/verification-keys.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { rejectionOf } from '../support/caught.js';
import { type Certificate, makeCertificate } from '../support/certificates.js';
import { type IssuerServer, startIssuerServer } from '../support/issuer-server.js';
import { generateSigner } from '../support/key-pairs.js';
import { NOW } from '../support/tokens.js';

const OPENID = '/.well-known/openid-configuration';
const OAUTH = '/.well-known/oauth-authorization-server';

let certificate: Certificate;
let directory: string;
let one: Jwk;
let two: Jwk;
let server: IssuerServer;
let other: IssuerServer;
let now = NOW;

beforeAll(async () => {
  certificate = await makeCertificate();
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-discovery-'));
  one = generateSigner('EdDSA', { kid: 'one' }).publicJwk;
  two = generateSigner('ES256', { kid: 'two' }).publicJwk;
});
afterAll(async () => {
  await certificate.dispose();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  now = NOW;
  server = await startIssuerServer(certificate);
  other = await startIssuerServer(certificate);
  server.publish([one]);
  other.publish([two]);
});
afterEach(() => Promise.all([server.stop(), other.stop()]));

function discover(options: Partial<DiscoverJwksOptions> = {}): VerificationKeys {
  const { origin: issuer } = server;
  return discoverJwks({ issuer, allowPrivate: true, ca: certificate.cert, clock: () => now, ...options });
}

/** Cause of the outage that `find()` reports. */
async function causeOf(keys: VerificationKeys, kid = 'one'): Promise<string> {
  const outage = await rejectionOf(Promise.resolve(keys.find(kid, 'EdDSA')));
  expect(outage).toBeInstanceOf(TemporarilyUnavailableError);
  return String(Object(Object(outage).cause).message);
}

describe('metadata', () => {
  test('of OpenID Connect names the JWK Set', async () => {
    const keys = discover();
    expect(server.requests()).toEqual([]);
    expect(await keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one', alg: 'EdDSA' });
    expect(server.requests()).toEqual([OPENID, '/jwks']);
  });

  test('is cached like the keys, and reloaded with them', async () => {
    const keys = discover({ maxAgeSeconds: 60 });
    await keys.find('one', 'EdDSA');
    now += 59;
    expect(keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
    server.publish([], { jwks_uri: `${server.origin}/moved` });
    server.serve('/moved', { keys: [one, two] });
    now += 1;
    expect(await keys.find('two', 'ES256')).toMatchObject({ kid: 'two' });
    expect(server.requests()).toEqual([OPENID, '/jwks', OPENID, '/moved']);
  });

  test('of OAuth 2.0 is used after a 404', async () => {
    const issuer = `${server.origin}/tenant/a`;
    server.serve(`${OAUTH}/tenant/a`, { issuer, jwks_uri: `${server.origin}/jwks` });
    expect(await discover({ issuer }).find('one', 'EdDSA')).toBeDefined();
    expect(server.requests()).toEqual([`/tenant/a${OPENID}`, `${OAUTH}/tenant/a`, '/jwks']);
  });

  test('of OAuth 2.0 is not used after another status', async () => {
    server.answer(OPENID, (_req, res) => res.writeHead(500).end());
    expect(await causeOf(discover())).toMatch(
      /metadata request returned status 500, expected 200: check issuer/,
    );
    expect(server.requests()).toEqual([OPENID]);
  });

  test('that no path has is an outage', async () => {
    const issuer = `${server.origin}/tenant`;
    expect(await causeOf(discover({ issuer }))).toMatch(/metadata request returned status 404, expected 200/);
  });

  test('of an issuer with a slash at the end has the same path', async () => {
    for (const path of ['/', '/tenant/']) {
      const issuer = `${server.origin}${path}`;
      server.serve(`${path}${OPENID.slice(1)}`, { issuer, jwks_uri: `${server.origin}/jwks` });
      server.serve(`${OAUTH}${path.slice(0, -1)}`, {});
      expect(await discover({ issuer }).find('one', 'EdDSA')).toBeDefined();
    }
  });

  test('must name exactly the issuer', async () => {
    const { origin } = server;
    for (const issuer of [`${origin}/`, origin.toUpperCase(), other.origin, [origin], null, undefined]) {
      server.publish([one], { issuer });
      expect(await causeOf(discover())).toMatch(/names a different issuer: set issuer of discoverJwks\(\)/);
    }
    expect(server.requests()).not.toContain('/jwks');
  });

  test('must be a JSON object with a jwks_uri', async () => {
    for (const document of [[], null, 7, 'text']) {
      server.serve(OPENID, document);
      expect(await causeOf(discover())).toMatch(/metadata is not a JSON object: check issuer/);
    }
    for (const jwks_uri of [undefined, null, 7, '', '/jwks']) {
      server.publish([one], { jwks_uri });
      expect(await causeOf(discover())).toMatch(/no jwks_uri that is an absolute URL/);
    }
    server.answer(OPENID, (_req, res) => res.end('<html>secret'));
    expect(await causeOf(discover())).toBe('The metadata is not JSON: check issuer in discoverJwks()');
  });
});

describe('jwks_uri', () => {
  test('on another origin is rejected without a request', async () => {
    const { port } = new URL(other.origin);
    for (const jwks_uri of [
      `${other.origin}/jwks`,
      `https://localhost:${port}/jwks`,
      `${server.origin.replace('https', 'http')}/jwks`,
      'file:///etc/passwd',
      'data:application/json,{"keys":[]}',
    ]) {
      server.publish([one], { jwks_uri });
      expect(await causeOf(discover())).toMatch(/not on the origin of the issuer: add its host to jwksHosts/);
    }
    expect(other.connections()).toBe(0);
  });

  test('with credentials is rejected', async () => {
    server.publish([one], { jwks_uri: server.origin.replace('//', '//user:pass@') });
    expect(await causeOf(discover())).toMatch(/contains credentials: ask the issuer/);
  });

  test('on a host in jwksHosts is used', async () => {
    server.publish([one], { jwks_uri: `${other.origin}/jwks` });
    expect(await discover({ jwksHosts: [other.host] }).find('two', 'ES256')).toMatchObject({ kid: 'two' });
    expect(other.requests()).toEqual(['/jwks']);
  });

  test('on a host in jwksHosts must have the listed port and https', async () => {
    server.publish([one], { jwks_uri: `${other.origin}/jwks` });
    expect(await causeOf(discover({ jwksHosts: ['127.0.0.1'] }))).toMatch(/not on the origin/);
    server.publish([one], { jwks_uri: `http://${other.host}/jwks` });
    expect(await causeOf(discover({ jwksHosts: [other.host] }))).toMatch(/not on the origin/);
    expect(other.connections()).toBe(0);
  });
});

describe('a connection', () => {
  test('to a literal private address is rejected by default', async () => {
    expect(await causeOf(discover({ allowPrivate: false }))).toMatch(/private or special address/);
    expect(server.connections()).toBe(0);
  });

  test('to a host name with a private address is rejected by default', async () => {
    const issuer = server.origin.replace('127.0.0.1', 'localhost');
    expect(await causeOf(discover({ issuer, allowPrivate: false }))).toMatch(
      /^localhost has a loopback, private or special address: check the URL, or set allowPrivate/,
    );
    expect(server.connections()).toBe(0);
  });

  test('to a private host is allowed with allowPrivate, also by http on loopback', async () => {
    const plain = await startIssuerServer();
    plain.publish([one]);
    expect(await discover({ issuer: plain.origin }).find('one', 'EdDSA')).toBeDefined();
    await plain.stop();
  });

  test('requires a certificate of the given authority', async () => {
    const { ca: _ca, ...withoutCa } = { issuer: server.origin, allowPrivate: true, ca: undefined };
    expect(await causeOf(discoverJwks(withoutCa))).toMatch(
      /is unavailable \(DEPTH_ZERO_SELF_SIGNED_CERT\): check the URL, the network and the certificate/,
    );
    expect(server.requests()).toEqual([]);
  });

  test('reads the authority from a file at each load', async () => {
    const file = join(directory, 'ca.pem');
    const keys = discover({ ca: { file } });
    expect(await causeOf(keys)).toMatch(/ENOENT/);
    await writeFile(file, certificate.cert);
    now += 5;
    expect(await keys.find('one', 'EdDSA')).toBeDefined();
  });
});

describe('a redirect', () => {
  test.each([OPENID, '/jwks'])('of %s is an outage', async (path) => {
    server.answer(path, (_req, res) => res.writeHead(302, { Location: `${other.origin}${path}` }).end());
    expect(await causeOf(discover())).toMatch(/returned status 302, expected 200/);
    expect(other.connections()).toBe(0);
  });
});

describe('the token in tokenFile', () => {
  test('is sent to the issuer, and read again after a rotation', async () => {
    const tokenFile = join(directory, 'token');
    await writeFile(tokenFile, 'first.token\n');
    const keys = discover({ tokenFile, maxAgeSeconds: 60 });
    await keys.find('one', 'EdDSA');
    await writeFile(tokenFile, 'second.token');
    now += 60;
    await keys.find('one', 'EdDSA');
    expect(server.requests()).toEqual([
      `${OPENID} Bearer first.token`,
      '/jwks Bearer first.token',
      `${OPENID} Bearer second.token`,
      '/jwks Bearer second.token',
    ]);
  });

  test('is not sent to other hosts', async () => {
    const tokenFile = join(directory, 'other-token');
    await writeFile(tokenFile, 'first.token');
    server.publish([one], { jwks_uri: `${other.origin}/jwks` });
    await discover({ tokenFile, jwksHosts: [other.host] }).find('two', 'ES256');
    expect(server.requests()).toEqual([`${OPENID} Bearer first.token`]);
    expect(other.requests()).toEqual(['/jwks']);
  });

  test('is never part of an error', async () => {
    const tokenFile = join(directory, 'wrong-token');
    for (const text of ['', 'two tokens', 'broken\ntoken', 'accentué']) {
      await writeFile(tokenFile, text);
      expect(await causeOf(discover({ tokenFile }))).toBe(
        'The file in tokenFile contains no bearer token: write one token to the file',
      );
    }
    expect(server.connections()).toBe(0);
  });
});

describe('an outage', () => {
  test('leaves the loaded keys in use, and unknown keys unavailable', async () => {
    const keys = discover();
    await keys.find('one', 'EdDSA');
    await server.stop();
    now += 3600;
    expect(await keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
    expect(await causeOf(keys, 'two')).toMatch(/^https:.* is unavailable \(ECONNREFUSED\): check the URL/);
    await server.start();
    server.publish([two]);
    now += 5;
    expect(await keys.find('two', 'ES256')).toBeDefined();
    expect(await keys.find('one', 'EdDSA')).toBeUndefined();
  });

  test('by changed metadata leaves the loaded keys in use', async () => {
    const keys = discover();
    await keys.find('one', 'EdDSA');
    server.publish([two], { issuer: other.origin });
    now += 3600;
    expect(await keys.find('one', 'EdDSA')).toMatchObject({ kid: 'one' });
    expect(await causeOf(keys, 'two')).toMatch(/names a different issuer/);
  });

  test('is recorded once with the issuer as source, and so is its end', async () => {
    const { audit, records } = createAuditRecorder();
    server.publish([one], { issuer: other.origin });
    const keys = discover({ audit });
    for (let round = 0; round < 3; round += 1) {
      await causeOf(keys);
      now += 5;
    }
    server.publish([one]);
    await keys.find('one', 'EdDSA');
    expect(records).toMatchObject([
      { type: 'jwks.unreachable', source: server.origin },
      { type: 'jwks.reachable', source: server.origin },
    ]);
  });

  test.each([OPENID, '/jwks'])('is a response of more than 256 KiB to %s', async (path) => {
    server.answer(path, (_req, res) => res.end(`{"x":"${'x'.repeat(256 * 1024)}"}`));
    expect(await causeOf(discover())).toMatch(/is larger than 262144 bytes: check/);
  });

  test('is a response without an end, and the connection is closed', async () => {
    const closed = new Promise<void>((resolve) => {
      server.answer(OPENID, (_req, res) => {
        const write = (): void => {
          while (!res.destroyed && res.write('x'.repeat(16_384))) {}
        };
        res.on('drain', write).on('close', () => resolve());
        write();
      });
    });
    expect(await causeOf(discover())).toMatch(/is larger than 262144 bytes/);
    await closed;
  });

  test.each([
    ['before the metadata', OPENID, ''],
    ['within the metadata', OPENID, '{"issuer":'],
    ['within the keys', '/jwks', '{"keys":['],
  ])('is a server that falls silent %s', async (_when, path, start) => {
    const closed = new Promise<void>((resolve) => {
      server.answer(path, (_req, res) => {
        res.on('close', () => resolve());
        if (start !== '') res.write(start);
      });
    });
    expect(await causeOf(discover({ timeoutMs: 500 }))).not.toBe('');
    await closed;
  });

  test('is an error status, whose body is not read', async () => {
    const closed = new Promise<void>((resolve) => {
      server.answer(OPENID, (_req, res) => {
        res
          .on('close', () => resolve())
          .writeHead(503)
          .write('x');
      });
    });
    expect(await causeOf(discover({ timeoutMs: 60_000 }))).toMatch(/status 503, expected 200/);
    await closed;
  });

  test('is a cut response', async () => {
    server.answer('/jwks', (_req, res) => {
      res.writeHead(200, { 'Content-Length': 99 }).write('{"keys":[]', () => res.destroy());
    });
    expect(await causeOf(discover())).toMatch(/aborted/);
  });
});

describe('keys by discovery', () => {
  test('rotate: a new key is found after the cooldown, and an unknown one costs no further load', async () => {
    const keys = discover();
    const first = await keys.find('one', 'EdDSA');
    server.publish([one, two]);
    expect(await keys.find('two', 'ES256')).toBeUndefined();
    now += 30;
    expect(await keys.find('two', 'ES256')).toMatchObject({ kid: 'two' });
    expect(keys.find('one', 'EdDSA')).toBe(first);
    for (let index = 0; index < 1000; index += 1) {
      expect(await keys.find(`unknown-${index}`, 'EdDSA')).toBeUndefined();
    }
    expect(server.requests()).toEqual([OPENID, '/jwks', OPENID, '/jwks']);
  });
});
