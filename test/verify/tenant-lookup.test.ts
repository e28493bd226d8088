import { describe, expect, jest, test } from '@jest/globals';
import type { TokenVerifierOptions } from '../../src/verify/token-verifier-options.js';
import type { IssuerMatcher, TrustedIssuerOptions } from '../../src/verify/trusted-issuer-options.js';
import { rejectionOf } from '../support/caught.js';
import { makeExternal, signExternal, trustIdp, verifierOf } from '../support/external-tokens.js';
import { reasonOf } from '../support/reason-of.js';
import { AUDIENCE, createRing, ISSUER, NOW } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey, verificationOf } from '../support/trusted-keys.js';
import { untypedValue } from '../support/untyped.js';

const key = generateKind('P-256', 0, 'api');
const signer = generateSignatureKey('ES256', 's1');
const keys = await decryptionOf(key);
const verification = await verificationOf(signer);
const TENANT = 'https://t1.example.com';

const tokenOf = (iss: string) => makeExternal({ key, alg: 'ECDH-ES', signer, claims: { iss } });

/** A verifier whose clock can move, and the calls of the function. */
async function trustTenants(
  answer: IssuerMatcher = (issuer) => /^https:\/\/t\d+\.example\.com$/.test(issuer),
  {
    changes = {},
    options = {},
  }: { changes?: Partial<TrustedIssuerOptions>; options?: Partial<TokenVerifierOptions> } = {},
) {
  const time = { now: NOW };
  const matcher = jest.fn(answer);
  const trusted = await trustIdp({ keys }, { issuer: matcher, verification: () => verification, ...changes });
  const verifier = verifierOf(trusted, { clock: () => time.now, ...options });
  return { verifier, matcher, time };
}

describe('the function issuer', () => {
  test('is called once for each issuer', async () => {
    const { verifier, matcher } = await trustTenants();
    const tokens = await Promise.all([tokenOf(TENANT), tokenOf(TENANT), tokenOf('https://t2.example.com')]);
    for (const token of tokens) expect(await reasonOf(verifier, token)).toBe('accepted');

    expect(matcher.mock.calls).toEqual([[TENANT], ['https://t2.example.com']]);
  });

  test('is called once for simultaneous tokens of an issuer', async () => {
    const { verifier, matcher } = await trustTenants(async () => true);
    const token = await tokenOf(TENANT);
    await Promise.all([1, 2, 3].map(() => verifier.verify(token)));

    expect(matcher).toHaveBeenCalledTimes(1);
  });

  test('is called again for an unknown issuer after a minute', async () => {
    const { verifier, matcher, time } = await trustTenants(() => false);
    const token = await makeExternal({ key, alg: 'ECDH-ES', signer, claims: { iss: TENANT } });
    for (const seconds of [0, 1, 58]) {
      time.now += seconds;
      expect(await reasonOf(verifier, token)).toBe('wrong_issuer');
    }
    expect(matcher).toHaveBeenCalledTimes(1);
    time.now += 1;

    expect(await reasonOf(verifier, token)).toBe('wrong_issuer');
    expect(matcher).toHaveBeenCalledTimes(2);
  });

  test('removes an issuer after five minutes, also from the cache', async () => {
    let isTrusted = true;
    const { verifier, time } = await trustTenants(() => isTrusted, { options: { tokenCache: {} } });
    const token = await tokenOf(TENANT);
    for (let use = 0; use < 3; use += 1) expect(await reasonOf(verifier, token)).toBe('accepted');
    isTrusted = false;
    time.now += 299;
    expect(await reasonOf(verifier, token)).toBe('accepted');
    time.now += 1;

    expect(await reasonOf(verifier, token)).toBe('wrong_issuer');
  });

  test('is called at most 20 times per second, whatever the tokens say', async () => {
    const { verifier, matcher, time } = await trustTenants(() => false);
    const statuses = [];
    for (let index = 0; index < 25; index += 1) {
      const token = await tokenOf(`https://attacker.example.com/${index}`);
      statuses.push(await rejectionOf(verifier.verify(token)));
    }
    const unavailable = statuses.filter((error) => untypedValue(error).status === 503);

    expect(matcher).toHaveBeenCalledTimes(20);
    expect(unavailable).toHaveLength(5);
    time.now += 1;
    expect(await reasonOf(verifier, await tokenOf('https://attacker.example.com/24'))).toBe('wrong_issuer');
  });

  test('does not delay known issuers when it is called too often', async () => {
    const { verifier } = await trustTenants((issuer) => issuer === TENANT);
    const token = await tokenOf(TENANT);
    await verifier.verify(token);
    for (let index = 0; index < 25; index += 1) {
      await rejectionOf(verifier.verify(await tokenOf(`https://attacker.example.com/${index}`)));
    }

    expect(await reasonOf(verifier, token)).toBe('accepted');
  });

  test('is asked again about known issuers however many unknown ones arrive', async () => {
    const { verifier, time } = await trustTenants((issuer) => issuer === TENANT);
    const token = await tokenOf(TENANT);
    await verifier.verify(token);
    time.now += 301;
    for (let index = 0; index < 25; index += 1) {
      await rejectionOf(verifier.verify(await tokenOf(`https://attacker.example.com/${index}`)));
    }

    expect(await reasonOf(verifier, token)).toBe('accepted');
  });

  test('keeps a known issuer and its keys for 15 minutes while it fails', async () => {
    let isDown = false;
    const bind = jest.fn(() => verification);
    const { verifier, time } = await trustTenants(
      () => {
        if (isDown) throw new Error('down');
        return true;
      },
      { changes: { verification: bind } },
    );
    const token = await makeExternal({
      key,
      alg: 'ECDH-ES',
      signer,
      claims: { iss: TENANT, exp: NOW + 7200 },
    });
    await verifier.verify(token);
    isDown = true;
    time.now += 1199;
    expect(await reasonOf(verifier, token)).toBe('accepted');
    time.now += 11;
    expect(await rejectionOf(verifier.verify(token))).toMatchObject({ status: 503 });
    isDown = false;
    expect(await reasonOf(verifier, token)).toBe('accepted');
    expect(bind).toHaveBeenCalledTimes(1);
  });

  test('is not called for an iss with control characters', async () => {
    const { verifier, matcher } = await trustTenants(() => true);
    expect(await reasonOf(verifier, await tokenOf('https://t1.example.com\u0000x'))).toBe('wrong_issuer');
    expect(matcher).not.toHaveBeenCalled();
  });

  test.each<[string, () => boolean | Promise<boolean>]>([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
    ['returns a string', () => untypedValue('yes')],
    ['returns nothing', () => untypedValue(undefined)],
    ['returns 1', () => untypedValue(1)],
  ])('causes 503, and no verdict to cache, if it %s', async (_how, answer) => {
    let isBroken = true;
    const { verifier } = await trustTenants(() => (isBroken ? answer() : true));
    const token = await tokenOf(TENANT);

    expect(await rejectionOf(verifier.verify(token))).toMatchObject({ status: 503 });
    isBroken = false;
    expect(await reasonOf(verifier, token)).toBe('accepted');
  });

  test('causes 503 if it does not return within 2 s', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const { verifier } = await trustTenants(() => new Promise(() => {}));
    const rejection = rejectionOf(verifier.verify(await tokenOf(TENANT)));
    await jest.advanceTimersByTimeAsync(1999);
    const early = await Promise.race([rejection, new Promise((resolve) => setImmediate(resolve, 'pending'))]);
    await jest.advanceTimersByTimeAsync(1);
    jest.useRealTimers();

    expect(early).toBe('pending');
    expect(await rejection).toMatchObject({ status: 503 });
  });

  test('is not called for an iss of more than 512 characters', async () => {
    const { verifier, matcher } = await trustTenants(() => true);
    const long = `https://${'a'.repeat(504)}`;
    expect(await reasonOf(verifier, await tokenOf(long))).toBe('accepted');

    expect(await reasonOf(verifier, await tokenOf(`${long}a`))).toBe('wrong_issuer');
    expect(matcher.mock.calls).toEqual([[long]]);
  });

  test.each([[7], [null], [['https://t1.example.com']], [{}]])(
    'is not called for the iss %j',
    async (iss) => {
      const { verifier, matcher } = await trustTenants(() => true);
      const token = await makeExternal({ key, alg: 'ECDH-ES', signer, claims: { iss } });

      expect(await reasonOf(verifier, token)).toBe('claim_malformed');
      expect(matcher).not.toHaveBeenCalled();
    },
  );

  test('is not called for an exact issuer, even if other keys encrypt its token', async () => {
    const matcher = jest.fn(() => true);
    const otherKey = generateKind('P-256', 0, 'other');
    const exact = await trustIdp({ keys: otherKey, signer }, { issuer: TENANT });
    const tenants = await trustIdp({ keys }, { issuer: matcher, verification });
    const verifier = verifierOf([tenants, exact]);

    expect(await reasonOf(verifier, await tokenOf(TENANT))).toBe('wrong_issuer');
    expect(matcher).not.toHaveBeenCalled();
  });

  test('is not called for a home issuer', async () => {
    const home = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE };
    const { verifier, matcher } = await trustTenants(() => true, { options: home });

    expect(await reasonOf(verifier, await tokenOf(ISSUER))).toBe('wrong_issuer');
    expect(matcher).not.toHaveBeenCalled();
  });

  test('is not called before a token is decrypted', async () => {
    const { verifier, matcher } = await trustTenants(() => true);
    const [header, encryptedKey, iv, ciphertext] = (await tokenOf(TENANT)).split('.');
    await reasonOf(verifier, [header, encryptedKey, iv, ciphertext, 'A'.repeat(22)].join('.'));

    expect(matcher).not.toHaveBeenCalled();
  });

  test('is not called for a token without encryption, unless its issuers may send one', async () => {
    const matcher = jest.fn(() => true);
    const tenants = await trustIdp({ keys }, { issuer: matcher, verification });
    const exact = await trustIdp({ keys: key, signer }, { signedOnly: { until: NOW + 60 } });
    const token = signExternal(signer, { claims: { iss: TENANT } });

    expect(await reasonOf(verifierOf([tenants, exact]), token)).toBe('wrong_issuer');
    expect(matcher).not.toHaveBeenCalled();
  });

  test('accepts no issuer whose keys are those of another function', async () => {
    const otherKey = generateKind('P-256', 0, 'other');
    const isAny = jest.fn(() => true);
    const first = await trustIdp({ keys: otherKey }, { issuer: isAny, verification });
    const second = await trustIdp({ keys }, { issuer: (issuer) => issuer === TENANT, verification });
    const verifier = verifierOf([first, second]);

    expect(await reasonOf(verifier, await tokenOf(TENANT))).toBe('accepted');
    expect(await reasonOf(verifier, await tokenOf('https://t2.example.com'))).toBe('wrong_issuer');
    expect(isAny).not.toHaveBeenCalled();
  });

  test('is followed by the next function if it does not trust the issuer', async () => {
    const first = await trustIdp({ keys }, { issuer: async () => false, verification });
    const second = await trustIdp({ keys }, { issuer: (issuer) => issuer === TENANT, verification });

    expect(await reasonOf(verifierOf([first, second]), await tokenOf(TENANT))).toBe('accepted');
  });
});

describe('the function verification', () => {
  test('returns the keys of one issuer, which verify no token of another', async () => {
    const other = generateSignatureKey('ES256', 's1');
    const otherKeys = await verificationOf(other);
    const find = jest.fn((issuer: string) => (issuer === TENANT ? verification : otherKeys));
    const { verifier } = await trustTenants(() => true, { changes: { verification: find } });

    expect(await reasonOf(verifier, await tokenOf(TENANT))).toBe('accepted');
    expect(await reasonOf(verifier, await tokenOf('https://t2.example.com'))).toBe('jws_signature');
    expect(find.mock.calls).toEqual([[TENANT], ['https://t2.example.com']]);
  });

  test.each<[string, () => typeof verification]>([
    [
      'throws',
      () => {
        throw new TypeError('discoverJwks: issuer must be an https URL');
      },
    ],
    ['returns a promise', () => untypedValue(Promise.resolve(verification))],
    ['returns nothing', () => untypedValue(undefined)],
  ])('causes 503 if it %s', async (_how, find) => {
    const { verifier } = await trustTenants(() => true, { changes: { verification: find } });

    expect(await rejectionOf(verifier.verify(await tokenOf(TENANT)))).toMatchObject({ status: 503 });
  });
});
