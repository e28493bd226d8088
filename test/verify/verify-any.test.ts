import { describe, expect, test } from '@jest/globals';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createDecryptionKeys } from '../../src/keys/decryption-keys.js';
import { openKeyRing } from '../../src/keys/open-key-ring.js';
import type { TokenVerifierOptions } from '../../src/verify/token-verifier-options.js';
import { rejectionOf } from '../support/caught.js';
import { IDP, makeExternal, trustIdp, verifierOf } from '../support/external-tokens.js';
import { generateShared } from '../support/key-pairs.js';
import { LEGACY, LEGACY_TOKENS } from '../support/legacy-tokens.js';
import { memoryKeySource } from '../support/memory-key-source.js';
import { reasonOf } from '../support/reason-of.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { generateKind, generateSignatureKey } from '../support/trusted-keys.js';

const key = generateKind('P-256', 0, 'api');
const next = generateKind('P-256', 0, 'api-next');
const shared = generateKind(32, 1, 'session');
const signer = generateSignatureKey('ES256', 's1');
const keyRing = await createRing();
const home: Partial<TokenVerifierOptions> = { keyRing, issuer: ISSUER, audience: AUDIENCE };
const bare = { kid: undefined, typ: undefined };

const nested = (header: object = {}, pair = key) =>
  makeExternal({ key: pair, alg: 'ECDH-ES', signer, header });
/** As NextAuth v4 writes it: the same header as that of a legacy token. */
const session = () => makeExternal({ key: shared, alg: 'dir', header: bare });
const trustSession = () => trustIdp({ keys: shared }, { typ: [null] });

describe('a verifier with home and trusted issuers', () => {
  test('accepts tokens of both', async () => {
    const verifier = verifierOf(await trustIdp({ keys: key, signer }), home);

    expect((await verifier.verify(mintToken(keyRing))).type).toBe('tiered_model_exec');
    expect((await verifier.verify(await nested())).type).toBe('external');
    expect((await verifier.verify(await nested({ kid: undefined }))).type).toBe('external');
  });

  test.each([
    {},
    { cty: 'at+jwt' },
    { iss: IDP, aud: AUDIENCE },
    { jku: 'https://idp.example.com/jwks' },
    { x5c: ['AAAA'] },
  ])('reloads the keys for an unknown kid beside %j, which home issuers may not write', async (header) => {
    let now = NOW;
    const source = memoryKeySource({ keys: [key.privateJwk] });
    const keys = await createDecryptionKeys({ source, clock: () => now, reloadSeconds: 1_000_000 });
    const verifier = verifierOf(await trustIdp({ keys, signer }), home);
    source.set = { keys: [next.privateJwk, key.privateJwk] };
    now += 11;

    expect(await reasonOf(verifier, await nested(header, next))).toBe('accepted');
    await keys.close();
  });

  test('accepts tokens of trusted issuers while the source of the key ring is unavailable', async () => {
    const source = memoryKeySource({ keys: [generateShared('A256KW')] });
    const ring = await openKeyRing({ source, clock: () => NOW });
    const verifier = verifierOf(await trustIdp({ keys: key, signer }), { ...home, keyRing: ring });
    source.failure = new Error('down');

    expect(await reasonOf(verifier, await nested())).toBe('accepted');
    await ring.close();
  });

  test('names the reason of the key ring for a token that nobody knows', async () => {
    const verifier = verifierOf(await trustIdp({ keys: key, signer }), home);
    const forOther = await createRing(2);

    expect(await reasonOf(verifier, mintToken(forOther))).toBe('unknown_key');
    expect(await reasonOf(verifier, mintToken(keyRing, { claims: { iss: IDP } }))).toBe('wrong_issuer');
  });

  test('does not accept a kid of the key ring for a trusted issuer', async () => {
    const jwk = { ...generateShared('A256KW'), kid: 'api' };
    const ring = await createKeyRing({ current: { jwk } });
    const trusted = await trustIdp({ keys: key, signer });

    expect(() => verifierOf(trusted, { ...home, keyRing: ring })).toThrow(/both have the kid api/);
  });
});

describe('legacy tokens beside tokens of trusted issuers', () => {
  const withLegacy = { ...home, legacy: LEGACY };

  test('are accepted', async () => {
    const verifier = verifierOf(await trustIdp({ keys: key, signer }), withLegacy);

    expect((await verifier.verify(LEGACY_TOKENS.models)).type).toBe('tiered_model_exec');
    expect((await verifier.verify(await nested({ kid: undefined }))).type).toBe('external');
  });

  test('are accepted although an issuer writes the same header', async () => {
    const verifier = verifierOf(await trustSession(), withLegacy);

    expect((await verifier.verify(LEGACY_TOKENS.models)).type).toBe('tiered_model_exec');
    expect((await verifier.verify(await session())).type).toBe('external');
  });

  test('leave the tokens of the issuer valid after legacy.until', async () => {
    const clock = () => NOW + 120;
    const verifier = verifierOf(await trustSession(), {
      ...withLegacy,
      legacy: { ...LEGACY, until: NOW + 60 },
      clock,
    });

    expect(await reasonOf(verifier, LEGACY_TOKENS.models)).not.toBe('accepted');
    expect((await verifier.verify(await session())).type).toBe('external');
  });

  test('are rejected for the reason of the legacy key if no key decrypts them', async () => {
    const foreign = await makeExternal({ key: generateKind(32, 9, 'x'), alg: 'dir', header: bare });
    const verifier = verifierOf(await trustIdp({ keys: key, signer }), withLegacy);

    expect(await reasonOf(verifier, foreign)).toBe('decryption');
    expect(await reasonOf(verifierOf(await trustSession(), withLegacy), foreign)).toBe('decryption');
  });
});

describe('a verifier without home issuers', () => {
  test('rejects tokens as home issuers make them', async () => {
    const verifier = verifierOf(await trustIdp({ keys: key, signer }));

    expect(await reasonOf(verifier, mintToken(keyRing))).toBe('unknown_key');
    expect(await reasonOf(verifier, LEGACY_TOKENS.models)).toBe('algorithm');
  });

  test.each([{ issuer: ISSUER }, { audience: AUDIENCE }, { typ: 'at+jwt' }, { legacy: LEGACY }])(
    'takes no option of home issuers such as %j',
    async (options) => {
      const trusted = await trustIdp({ keys: key, signer });

      expect(() => verifierOf(trusted, options)).toThrow(
        /requires keyRing, because it applies only to tokens of home/,
      );
    },
  );

  test('reloads keys once, and answers 503 while their source is unavailable', async () => {
    let now = NOW;
    const source = memoryKeySource({ keys: [key.privateJwk] });
    const keys = await createDecryptionKeys({ source, clock: () => now, reloadSeconds: 1_000_000 });
    const verifier = verifierOf(await trustIdp({ keys, signer }), home);
    source.failure = new Error('down');
    now += 11;

    expect(await rejectionOf(verifier.verify(await nested({ iss: IDP }, next)))).toMatchObject({
      status: 503,
    });
    await keys.close();
  });
});
