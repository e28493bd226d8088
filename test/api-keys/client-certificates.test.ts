import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parseDistinguishedName } from '../../src/keys/certificates/distinguished-name.js';
import { faultsOf, loadFile } from '../support/api-key-files.js';
import { createSelfSigned } from '../support/client-certificates.js';
import { assertionFile, generateClientKey, jwksField } from '../support/client-keys.js';

const certificate = createSelfSigned();
const { thumbprint, der } = certificate;
const hex = Buffer.from(thumbprint, 'base64url').toString('hex');
const jwk = { ...createPublicKey(certificate.cert).export({ format: 'jwk' }), kid: 'one', alg: 'ES256' };
const x5c = [der.toString('base64')];

const load = async (...fields: readonly string[]) => loadFile(assertionFile('billing', ...fields));

describe('tls_client_auth', () => {
  test('replaces api_key, and stores the name in a form that can be compared', async () => {
    const { certificates } = await load('tls_client_auth: { subject_dn: "CN=billing,O=Acme" }');

    expect(certificates).toEqual({
      method: 'tls_client_auth',
      subject: { kind: 'subject_dn', name: parseDistinguishedName('cn=billing,o=Acme') },
    });
  });

  test.each([
    [
      'no name',
      'tls_client_auth: {}',
      'must have exactly one of subject_dn, san_dns, san_uri, san_ip, san_email',
    ],
    ['two names', 'tls_client_auth: { san_dns: a.example, san_ip: 192.0.2.7 }', 'must have exactly one of'],
    ['a string', 'tls_client_auth: CN=billing', 'must be a mapping with one of'],
    ['an unknown name', 'tls_client_auth: { issuer_dn: CN=ca }', 'issuer_dn: is an unknown field'],
    [
      'the notation of OpenSSL',
      'tls_client_auth: { subject_dn: /C=DE/CN=a }',
      'must be a distinguished name (RFC 4514)',
    ],
    ['a wildcard', 'tls_client_auth: { san_dns: "*.acme.example" }', 'must be a DNS name without wildcard'],
    ['a relative URI', 'tls_client_auth: { san_uri: billing }', 'must be an absolute URI'],
    ['an address block', 'tls_client_auth: { san_ip: 192.0.2.0/24 }', 'must be an IPv4 or IPv6 address'],
    [
      'an address with a zone',
      'tls_client_auth: { san_ip: "fe80::1%eth0" }',
      'must be an IPv4 or IPv6 address',
    ],
    ['no email address', 'tls_client_auth: { san_email: billing }', 'must be an email address'],
  ])('must not have %s', async (_what, field, message) => {
    expect(await faultsOf(assertionFile('billing', field))).toEqual([expect.stringContaining(message)]);
  });
});

describe('self_signed_tls_client_auth', () => {
  test('accepts fingerprints of openssl, in hexadecimal and in base64url', async () => {
    const spellings = [hex, hex.toUpperCase().replaceAll(/..(?=.)/g, '$&:'), thumbprint];
    const loaded = await Promise.all(
      spellings.map((each) => load(`self_signed_tls_client_auth: { thumbprints: [${each}] }`)),
    );

    expect(loaded.map(({ certificates }) => certificates)).toEqual(
      spellings.map(() => ({ method: 'self_signed_tls_client_auth', thumbprints: [thumbprint] })),
    );
  });

  test('reads x5c of jwks', async () => {
    const { certificates } = await load(jwksField({ ...jwk, x5c }), 'self_signed_tls_client_auth: {}');

    expect(certificates).toMatchObject({ thumbprints: [thumbprint] });
  });

  test.each([
    [
      'no certificate',
      ['self_signed_tls_client_auth: {}'],
      'thumbprints: is required unless a JWK in jwks has x5c',
    ],
    [
      'only keys without x5c',
      [jwksField(jwk), 'self_signed_tls_client_auth: {}'],
      'thumbprints: is required unless',
    ],
    [
      'an empty list',
      ['self_signed_tls_client_auth: { thumbprints: [] }'],
      'must contain at least one fingerprint',
    ],
    [
      'a SHA-1 fingerprint',
      [`self_signed_tls_client_auth: { thumbprints: [${hex.slice(0, 40)}] }`],
      'SHA-256',
    ],
    ['a noncanonical digest', [`self_signed_tls_client_auth: { thumbprints: [${thumbprint}=] }`], 'SHA-256'],
    [
      'tls_client_auth',
      ['tls_client_auth: { san_dns: a.example }', `self_signed_tls_client_auth: { thumbprints: [${hex}] }`],
      'self_signed_tls_client_auth: is not allowed with tls_client_auth',
    ],
  ])('must not have %s', async (_what, fields, message) => {
    expect(await faultsOf(assertionFile('billing', ...fields))).toEqual([expect.stringContaining(message)]);
  });
});

describe('x5c of a JWK', () => {
  test('must be the certificate of the key (RFC 7517 §4.7)', async () => {
    const { publicJwk } = generateClientKey('other');
    const rejected = [
      { ...publicJwk, x5c },
      { ...jwk, x5c: [] },
      { ...jwk, x5c: x5c[0] ?? '' },
      { ...jwk, x5c: [`${x5c[0]}AAAA`] },
      { ...jwk, x5c: [certificate.cert] },
    ];
    const faults = await Promise.all(
      rejected.map((each) => faultsOf(assertionFile('billing', jwksField(each)))),
    );

    expect(faults).toEqual(
      rejected.map(() => [expect.stringContaining('x5c must be a list of certificates')]),
    );
  });
});

describe('tls_client_certificate_bound_access_tokens', () => {
  test('does not authenticate a client', async () => {
    expect(
      await faultsOf(assertionFile('billing', 'tls_client_certificate_bound_access_tokens: true')),
    ).toEqual([expect.stringContaining('api_key: is required unless')]);
  });

  test('is absent by default', async () => {
    const { certificateBoundTokens } = await load('tls_client_auth: { san_dns: a.example }');

    expect(certificateBoundTokens).toBeUndefined();
  });
});
