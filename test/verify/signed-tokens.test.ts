import { beforeAll, describe, expect, test } from '@jest/globals';
import { compactDecrypt, compactVerify, importJWK } from 'jose';
import type { IssueRequest, TokenIssuerOptions, TokenVerifierOptions } from 'passport-jwe';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { createVerificationKeys, type VerificationKeys } from '../../src/keys/verification-keys.js';
import { rejectionOf, thrownBy } from '../support/caught.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { ALGORITHMS, generateRecipient, generateShared, generateSigner } from '../support/key-pairs.js';
import { keyRingWith } from '../support/key-ring-with.js';
import { createParties, forgeNested, type NestedParts, type Parties } from '../support/signed-tokens.js';
import { AUDIENCE, clock, createRing, ISSUER, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const OTHER_AUDIENCE = 'https://other.example.com';
const OTHER_ISSUER = 'https://other-issuer.example.com';

const REQUEST: IssueRequest = {
  type: 'service',
  subject: 'billing',
  clientId: 'billing',
  audience: AUDIENCE,
  scope: ['read:reports'],
  lifetime: 300,
  claims: {},
};

let parties: Parties;

beforeAll(async () => {
  parties = await createParties();
});

const audience = [AUDIENCE, OTHER_AUDIENCE];
const createIssuer = (options: Partial<Omit<TokenIssuerOptions, 'audience'> & TokenVerifierOptions> = {}) =>
  createIssuerAndVerifier({
    keyRing: parties.issuerRing,
    issuer: ISSUER,
    audience,
    signing: parties.signing,
    clock,
    ...options,
  });
const createServer = (options: Partial<Omit<TokenIssuerOptions, 'audience'> & TokenVerifierOptions> = {}) =>
  createIssuerAndVerifier({
    keyRing: parties.serverRing,
    issuer: ISSUER,
    audience: AUDIENCE,
    verification: { [ISSUER]: parties.verificationKeys },
    clock,
    ...options,
  });

async function reasonFor(
  parts: NestedParts,
  options: Partial<Omit<TokenIssuerOptions, 'audience'> & TokenVerifierOptions> = {},
): Promise<unknown> {
  const token = await forgeNested(parties, parts);
  return createServer(options)
    .verify(token)
    .then(
      () => 'accepted',
      (error: unknown) => (error instanceof Error ? Reflect.get(error, 'reason') : undefined),
    );
}

describe('an issuer and a resource server that share no secret', () => {
  test.each(ALGORITHMS.filter(([alg]) => !alg.endsWith('GCMKW') && alg !== 'A256KW'))(
    'understand each other by %s %s',
    async (_alg, _curve, generate) => {
      const { issuerRing: keyRing, serverRing, ...rest } = await createParties(generate());
      const { token, claims } = await createIssuer({ keyRing, signing: rest.signing }).issue(REQUEST);
      const verification = { [ISSUER]: rest.verificationKeys };
      const verified = await createServer({ keyRing: serverRing, verification }).verify(token);
      expect(verified.claims).toEqual(claims);
      expect(verified.hasScope('read:reports')).toBe(true);
    },
  );

  test('put typ and cty into the outer header, and typ and kid into the signed header', async () => {
    const { token } = await createIssuer().issue({ ...REQUEST, header: { tenant: 'a' } });
    const { recipient, signer } = parties;
    const { plaintext, protectedHeader } = await compactDecrypt(token, await importJWK(recipient.privateJwk));
    expect(protectedHeader).toMatchObject({ kid: 'recipient', typ: 'at+jwt', cty: 'JWT', tenant: 'a' });
    const { protectedHeader: signed } = await compactVerify(plaintext, await importJWK(signer.publicJwk));
    expect(signed).toEqual({ alg: 'EdDSA', kid: 'signer', typ: 'at+jwt' });
  });

  test('return the outer header to verifiers', async () => {
    const { token } = await createIssuer().issue(REQUEST);
    expect((await createServer().verify(token)).header).toMatchObject({ alg: 'ECDH-ES', kid: 'recipient' });
  });

  test('do not sign tokens for other audiences, under a key of the root', async () => {
    const { token } = await createIssuer().issue({ ...REQUEST, audience: OTHER_AUDIENCE });
    const reader = createIssuerAndVerifier({ keyRing: await createRing(), issuer: ISSUER, audience, clock });
    expect((await reader.verify(token)).header).toMatchObject({ alg: 'dir' });
  });

  test('are separate: the issuer decrypts no token of its recipient', async () => {
    const { token } = await createIssuer().issue(REQUEST);
    await expect(createIssuer().verify(token)).rejects.toMatchObject({ reason: 'encryption_only' });
  });

  test('may be one process, which verifies with its signing key', async () => {
    const keyRing = await createKeyRing({ current: { jwk: parties.recipient.privateJwk } });
    const service = createIssuer({ keyRing, audience: AUDIENCE });
    const { token } = await service.issue(REQUEST);
    expect((await service.verify(token)).type).toBe('service');
    const unknown = generateSigner('EdDSA', { kid: 'unknown' });
    const verifying = service.verify(await forgeNested({ ...parties, signer: unknown }));
    await expect(verifying).rejects.toMatchObject({ reason: 'jws_unknown_key' });
  });

  test('may be one process, which also verifies with earlier keys', async () => {
    const earlier = generateSigner('PS256', { kid: 'earlier' });
    const keyRing = await createKeyRing({ current: { jwk: parties.recipient.privateJwk } });
    const verification = { [ISSUER]: await createVerificationKeys({ jwk: earlier.publicJwk }) };
    const service = createIssuer({ keyRing, audience: AUDIENCE, verification });
    const { token } = await service.issue(REQUEST);
    expect((await service.verify(token)).type).toBe('service');
    expect(await service.verify(await forgeNested({ ...parties, signer: earlier }))).toBeDefined();
    const unknown = generateSigner('PS256', { kid: 'unknown' });
    const verifying = service.verify(await forgeNested({ ...parties, signer: unknown }));
    await expect(verifying).rejects.toMatchObject({ reason: 'jws_unknown_key' });
  });

  test('keep working after a change of the signing key, while the previous one is a verification key', async () => {
    const next = generateSigner('ES256', { kid: 'next' });
    const both = await createVerificationKeys({ jwks: { keys: [parties.signer.publicJwk, next.publicJwk] } });
    const signing = await createSigningKey({ jwk: next.privateJwk });
    const before = await createIssuer().issue(REQUEST);
    const after = await createIssuer({ signing }).issue(REQUEST);
    const server = createServer({ verification: { [ISSUER]: both } });
    expect((await server.verify(before.token)).type).toBe('service');
    expect((await server.verify(after.token)).type).toBe('service');
    await expect(createServer().verify(after.token)).rejects.toMatchObject({ reason: 'jws_unknown_key' });
  });
});

describe('the issuer of a nested token', () => {
  const keysOf = (jwk: object): Promise<VerificationKeys> => createVerificationKeys({ jwk: { ...jwk } });

  test('is the issuer whose key signed it, if several are accepted', async () => {
    const other = generateSigner('EdDSA', { kid: 'signer' });
    const verification = {
      [ISSUER]: parties.verificationKeys,
      [OTHER_ISSUER]: await keysOf(other.publicJwk),
    };
    const server = createServer({ issuer: [ISSUER, OTHER_ISSUER], verification });
    const claims = { iss: OTHER_ISSUER };
    const theirs = await forgeNested({ ...parties, signer: other }, { claims });
    const forged = await forgeNested({ ...parties, signer: other });
    expect((await server.verify(theirs)).claims.iss).toBe(OTHER_ISSUER);
    await expect(server.verify(forged)).rejects.toMatchObject({ reason: 'jws_signature' });
  });

  test('must have keys, even if it is accepted for tokens under shared keys', async () => {
    const issuer = [ISSUER, OTHER_ISSUER];
    expect(await reasonFor({ claims: { iss: OTHER_ISSUER } }, { issuer })).toBe('wrong_issuer');
  });
});

describe('typ of a nested token', () => {
  test.each([
    ['accepted', {}, {}],
    ['accepted', {}, { typ: undefined }],
    ['accepted', {}, { typ: 'JWT' }],
    ['accepted', {}, { typ: 'application/at+jwt' }],
    ['accepted', { typ: 'application/AT+JWT' }, {}],
    ['wrong_typ', { typ: undefined }, {}],
    ['wrong_typ', { typ: 'JWT' }, {}],
    ['wrong_typ', { typ: 7 }, {}],
    ['refresh_token', { typ: 'rt+jwt' }, {}],
    ['wrong_typ', {}, { typ: 'rt+jwt' }],
    ['wrong_typ', {}, { typ: 'secevent+jwt' }],
    ['refresh_token', { typ: 'rt+jwt' }, { typ: 'at+jwt' }],
  ])('%s: signed %j, outside %j', async (expected, signedHeader, header) => {
    expect(await reasonFor({ signedHeader, header })).toBe(expected);
  });
});

describe('claims of a nested token', () => {
  test.each([
    ['expired', { exp: NOW - 6 }],
    ['wrong_audience', { aud: OTHER_AUDIENCE }],
    ['claim_missing', { jti: undefined }],
    ['key_bound', { cnf: { jkt: 'a' } }],
    ['refresh_token', { type: 'refresh' }],
    ['unknown_type', { type: 'other' }],
  ])('are validated like those of any token: %s for %j', async (reason, claims) => {
    expect(await reasonFor({ claims })).toBe(reason);
  });

  test('must name the audience of the key, if it has one', async () => {
    const jwk = { ...parties.recipient.privateJwk, aud: OTHER_AUDIENCE };
    const keyRing = await createKeyRing({ current: { jwk } });
    expect(await reasonFor({}, { keyRing, audience })).toBe('wrong_audience');
  });
});

describe('a public key without verification or signing keys', () => {
  test.each(['issuerRing', 'serverRing'] as const)('is rejected by a token service: %s', (name) => {
    const options = { keyRing: parties[name], issuer: ISSUER, audience: AUDIENCE, clock };
    expect(thrownBy(() => createIssuerAndVerifier(options))).toEqual(
      new TypeError(
        'createTokenVerifier: keyRing has public-key recipients, so tokens must also be signed: set signing (to issue) or verification (to accept)',
      ),
    );
    expect(thrownBy(() => createIssuerAndVerifier({ ...options, verification: {} }))).toBeInstanceOf(
      TypeError,
    );
  });

  test('does not affect a service whose audience has another key', () => {
    const options = { keyRing: parties.issuerRing, issuer: ISSUER, audience: OTHER_AUDIENCE, clock };
    expect(() => createIssuerAndVerifier(options)).not.toThrow();
  });

  test('issues nothing if there are only verification keys', async () => {
    const verification = { [ISSUER]: parties.verificationKeys };
    const service = createIssuerAndVerifier({
      keyRing: parties.issuerRing,
      issuer: ISSUER,
      audience,
      verification,
      clock,
    });
    expect(await rejectionOf(service.issue(REQUEST))).toEqual(
      new TypeError(
        'issue: tokens for public-key recipients must be signed: pass signing to createTokenIssuer()',
      ),
    );
  });

  test('is rejected if the ring gets it later', async () => {
    const shared = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE, clock };
    const { decryptionKey } = internalsOf(parties.serverRing);
    const keyRing = keyRingWith(shared.keyRing, { decryptionKey });
    const verifying = createIssuerAndVerifier({ ...shared, keyRing }).verify(await forgeNested(parties));
    await expect(verifying).rejects.toMatchObject({ reason: 'content_type' });
  });
});

describe('the options verification and signing', () => {
  test.each([
    [
      { verification: { 'https://typo.example.com': {} } },
      /^createTokenVerifier: verification has an issuer that is not listed in/,
    ],
    [{ verification: { [ISSUER]: {} } }, /^createTokenVerifier: verification must contain VerificationKeys/],
    [{ verification: { [ISSUER]: 7 } }, /^createTokenVerifier: verification must contain VerificationKeys/],
    [
      { verification: [] },
      /^createTokenVerifier: verification must be an object, for example \{ \[issuer\]: keys \}/,
    ],
    [
      { verification: 'https://auth.example.com/jwks' },
      /^createTokenVerifier: verification must be an object, for example/,
    ],
    [{ verification: null }, /^createTokenVerifier: verification must be an object, for example/],
    [{ signing: {} }, /^createTokenVerifier: signing must be a SigningKey/],
    [{ signing: { kid: 'signer', alg: 'EdDSA' } }, /^createTokenVerifier: signing must be a SigningKey/],
    [{ signing: 'secret' }, /^createTokenVerifier: signing must be a SigningKey/],
  ])('are rejected as %j', (options, message) => {
    const [bad] = untyped([options]);
    const error = thrownBy(() => createServer(bad));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });

  test('are rejected for an issuer that is not accepted', () => {
    const verification = { [ISSUER]: parties.verificationKeys, [OTHER_ISSUER]: parties.verificationKeys };
    expect(thrownBy(() => createServer({ verification }))).toEqual(
      new TypeError(
        'createTokenVerifier: verification has an issuer that is not listed in issuer: add it to issuer, or remove it',
      ),
    );
  });

  test('of JavaScript callers are rejected if the private half is missing', () => {
    const { privateKey: _privateKey, ...half } = parties.signing;
    const [bad] = untyped([{ signing: half }]);
    expect(thrownBy(() => createIssuer(bad))).toEqual(
      new TypeError('createTokenVerifier: signing must be a SigningKey: pass await createSigningKey(...)'),
    );
  });
});

describe('shared wrapping keys', () => {
  test.each(['A256KW', 'A256GCMKW'])('need no signature: %s', async (alg) => {
    const keyRing = await createKeyRing({ current: { jwk: generateShared(alg) } });
    const service = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
    const { token } = await service.issue(REQUEST);
    const verified = await service.verify(token);
    expect(verified.header).toMatchObject({ alg, enc: 'A256GCM', kid: 'shared', typ: 'at+jwt' });
    expect(verified.header).not.toHaveProperty('cty');
  });

  test('issue no token that is too long to be accepted', async () => {
    const keyRing = await createKeyRing({ current: { jwk: generateShared('A256KW') } });
    const service = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
    const claims = { metadata: { note: 'x'.repeat(4096) } };
    await expect(service.issue({ ...REQUEST, claims })).rejects.toMatchObject({ error: 'invalid_request' });
  });

  test.each([{ kid: 'x' }, { epk: {} }, { iv: 'AAAA' }, { cty: 'JWT' }, { iss: 'x' }])(
    'write no header member %j of the caller',
    async (header) => {
      const keyRing = await createKeyRing({ current: { jwk: generateShared('A256GCMKW') } });
      const service = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
      await expect(service.issue({ ...REQUEST, header: untyped(header) })).rejects.toThrow(TypeError);
    },
  );

  test('issue no header that exceeds the limit with the members of the algorithm', async () => {
    const keyRing = await createKeyRing({ current: { jwk: generateShared('A256GCMKW') } });
    const service = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
    const issueWith = (length: number) => service.issue({ ...REQUEST, header: { x: 'x'.repeat(length) } });
    await expect(issueWith(880)).resolves.toBeDefined();
    await expect(issueWith(940)).rejects.toThrow(
      'issue: verifiers would reject the protected header: correct or shorten the option header',
    );
  });

  test('that only decrypt issue nothing', async () => {
    const jwk = generateShared('A256KW', { key_ops: ['unwrapKey'] });
    const keyRing = await createKeyRing({ current: { jwk } });
    const service = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
    await expect(service.issue(REQUEST)).rejects.toThrow(TypeError);
  });
});

test('a token with an RSA key and an RSA signature has room for the claims', async () => {
  const recipient = generateRecipient('RSA-OAEP-256');
  const { issuerRing, signing } = await createParties(recipient, generateSigner('PS256'));
  const { token } = await createIssuer({ keyRing: issuerRing, signing }).issue(REQUEST);
  expect(token.length).toBeLessThan(2500);
});
