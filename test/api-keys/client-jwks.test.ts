import { describe, expect, test } from '@jest/globals';
import { faultsOf, loadFile, loadFiles, problemsOf } from '../support/api-key-files.js';
import { assertionFile, generateClientKey, jwksField } from '../support/client-keys.js';
import { generateOkp, generateRsa } from '../support/key-pairs.js';
import { NOW } from '../support/tokens.js';

const { privateJwk, publicJwk } = generateClientKey('one');
const other = generateClientKey('two');
const ed25519 = generateOkp('ed25519', { kid: 'ed', alg: 'EdDSA' });
const rsa = generateRsa({ kid: 'rsa', alg: 'PS256' });

describe('jwks', () => {
  test('replaces api_key', async () => {
    const { assertions } = await loadFile(assertionFile('billing', jwksField(publicJwk, ed25519.publicJwk)));

    expect(assertions?.keys?.exportPublicKeys().keys.map(({ kid }) => kid)).toEqual(['one', 'ed']);
  });

  test('can be written in YAML', async () => {
    const keys = Object.entries(publicJwk).map(
      ([name, value], index) => `${index === 0 ? '-' : ' '} ${name}: ${value}`,
    );
    const file = assertionFile('billing', 'jwks:', '  keys:', ...keys.map((line) => `    ${line}`));

    expect((await loadFile(file)).assertions?.keys).toBeDefined();
  });

  test('can have keys that expire', async () => {
    const file = assertionFile('billing', jwksField({ ...publicJwk, exp: NOW }));
    const key = await (await loadFile(file)).assertions?.keys?.find('one', 'ES256');

    expect(key?.notAfter).toBe(NOW);
  });

  test('can be used together with api_key', async () => {
    const registry = await loadFiles({
      'a.yaml': assertionFile('billing', 'api_key: sk-billing', jwksField(publicJwk)),
    });

    expect(registry.authenticate({ secret: 'sk-billing' }, NOW).assertions).toBeDefined();
  });

  test('alone has no secret that authenticates', async () => {
    const registry = await loadFiles({ 'a.yaml': assertionFile('billing', jwksField(publicJwk)) });

    expect(() => registry.authenticate({ secret: '' }, NOW)).toThrow('Client authentication failed');
    expect(() => registry.authenticate({ secret: 'undefined', keyId: 'billing' }, NOW)).toThrow(
      'Client authentication failed',
    );
  });

  test('of two files without api_key do not count as duplicates', async () => {
    const registry = await loadFiles({
      'a.yaml': assertionFile('a', jwksField(publicJwk)),
      'b.yaml': assertionFile('b', jwksField(other.publicJwk)),
    });

    expect(registry.apiKeys).toHaveLength(2);
  });

  const PRIVATE = expect.stringMatching(/^jwks\.keys\[0\]: must be a public JWK: remove d .*disclosed/);

  test.each([
    ['an EC key', privateJwk],
    ['an Ed25519 key', ed25519.privateJwk],
    ['an RSA key', rsa.privateJwk],
    ['an RSA key without d', { ...rsa.privateJwk, d: undefined }],
    ['a symmetric key', { kty: 'oct', kid: 'x', alg: 'HS256', k: 'AAAA' }],
  ])('rejects a private key, and does not quote it: %s', async (_, jwk) => {
    const faults = await faultsOf(assertionFile('billing', jwksField(jwk)));

    expect(faults).toEqual([PRIVATE]);
    for (const secret of [jwk['d'], Object(jwk).k, Object(jwk).p]) {
      if (typeof secret === 'string') expect(faults.join()).not.toContain(secret);
    }
  });

  test.each<[string, string, string]>([
    ['no keys', 'jwks: {}', 'jwks.keys: is required'],
    ['an empty list', 'jwks: { keys: [] }', 'jwks.keys: must contain at least one JWK'],
    ['a string', 'jwks: x', 'jwks: must be a JWK Set: a mapping with a list of keys'],
    [
      'a key that is a string',
      'jwks: { keys: [x] }',
      'jwks.keys[0]: must be a JWK: a mapping with kty, kid and alg',
    ],
    ['no kid', jwksField({ ...publicJwk, kid: undefined }), 'jwks.keys[0]: kid must be'],
    ['no alg', jwksField({ ...publicJwk, alg: undefined }), 'jwks.keys[0]: alg must be one of EdDSA'],
    ['HS256', jwksField({ ...publicJwk, alg: 'HS256' }), 'jwks.keys[0]: alg must be one of EdDSA'],
    [
      'a wrong curve',
      jwksField({ ...publicJwk, alg: 'ES384' }),
      'jwks.keys[0]: the key must be on the curve P-384',
    ],
    ['a key for encryption', jwksField({ ...publicJwk, use: 'enc' }), 'jwks.keys[0]: use must be "sig"'],
    [
      'one kid twice',
      jwksField(publicJwk, { ...other.publicJwk, kid: 'one' }),
      'jwks.keys: must not contain two keys',
    ],
    [
      'an unknown member',
      `jwks: { keys: [${JSON.stringify(publicJwk)}], url: x }`,
      'jwks.url: is an unknown field',
    ],
  ])('rejects %s', async (_, field, fault) => {
    expect(await faultsOf(assertionFile('billing', field))).toEqual([expect.stringContaining(fault)]);
  });

  test('names the line of the faulty key', async () => {
    const file = assertionFile('billing', 'jwks:', '  keys:', '    - kty: EC', '      kid: x');
    const [problem] = await problemsOf({ 'a.yaml': file });

    expect(problem).toMatchObject({ line: 7, path: 'jwks.keys[0]' });
  });
});

describe('jwks_uri', () => {
  test.each(['https://billing.example.com/jwks', 'http://127.0.0.1:8080/jwks'])('may be %s', async (url) => {
    expect((await loadFile(assertionFile('billing', `jwks_uri: ${url}`))).assertions).toEqual({
      jwksUri: url,
    });
  });

  test.each(['http://billing.example.com/jwks', 'file:///jwks', 'jwks', 'https://a:b@billing.example.com/'])(
    'may not be %s',
    async (url) => {
      expect(await faultsOf(assertionFile('billing', `jwks_uri: ${url}`))).toEqual([
        'jwks_uri: must be an https URL without user name (http on loopback only)',
      ]);
    },
  );

  test('can contain a variable', async () => {
    const apiKey = await loadFile(assertionFile('billing', 'jwks_uri: https://$' + '{HOST}/jwks'), {
      HOST: 'billing.example.com',
    });

    expect(apiKey.assertions?.jwksUri).toBe('https://billing.example.com/jwks');
  });
});

describe('the fields that authenticate a client', () => {
  test.each<[string, readonly string[], string]>([
    [
      'require one of them',
      [],
      'api_key: is required unless jwks, jwks_uri, tls_client_auth, self_signed_tls_client_auth or workloads is set',
    ],
    [
      'do not include previous_api_key alone',
      [jwksField(publicJwk), 'previous_api_key: { api_key: sk-old, expires_at: "2031-01-01T00:00:00Z" }'],
      'previous_api_key: is only allowed with api_key',
    ],
    [
      'do not include both key sets',
      [jwksField(publicJwk), 'jwks_uri: https://billing.example.com/jwks'],
      'jwks_uri: is not allowed with jwks',
    ],
    [
      'do not include assertion_audience without keys',
      ['api_key: sk-billing', 'assertion_audience: https://auth.example.com/oauth/token'],
      'assertion_audience: is only allowed with jwks or jwks_uri',
    ],
  ])('%s', async (_, fields, fault) => {
    expect(await faultsOf(assertionFile('billing', ...fields))).toEqual([expect.stringContaining(fault)]);
  });
});
