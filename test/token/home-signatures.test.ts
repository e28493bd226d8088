import { expect, test } from '@jest/globals';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { VerificationKeys } from '../../src/keys/verification-keys.js';
import { decryptToken } from '../../src/token/decrypt-token.js';
import { failuresOf } from '../support/failures-of.js';
import { createSignatureCases, signCompact } from '../support/signature-cases.js';
import { createParties, forgeNested } from '../support/signed-tokens.js';
import { claimsOf, ISSUER, NOW } from '../support/tokens.js';
import { verdictOn } from '../support/verdicts.js';

/** Algorithms of home tokens. Trusted issuers may use more. */
const HOME = ['EdDSA', 'ES256', 'PS256', 'RS256'];

const parties = await createParties();

function keysWith(find: VerificationKeys['find']) {
  return new Map([[ISSUER, { find, exportPublicKeys: () => ({ keys: [] }) }]]);
}

test('a home token is accepted with four signature algorithms only, whatever the lookup returns', async () => {
  const cases = new Map(createSignatureCases().map((each) => [each.alg, each]));
  const failures = await failuresOf(cases.keys(), async (alg) => {
    const each = cases.get(alg);
    if (each === undefined) throw new Error('No such algorithm');
    const jws = signCompact(each, JSON.stringify(claimsOf()));
    const token = await forgeNested(parties, { alter: () => jws });
    const verification = keysWith(() => each.key);
    const verdict = HOME.includes(alg) ? 'accepted' : 'jws_algorithm';
    expect(await verdictOn(token, parties.serverRing, { verification })).toBe(verdict);
  });
  expect(failures).toEqual([]);
});

test('a nested token is decrypted and verified synchronously, unless the lookup returns a promise', async () => {
  const token = await forgeNested(parties);
  const key = await parties.verificationKeys.find('signer', 'EdDSA');
  const open = (find: VerificationKeys['find']) =>
    decryptToken(
      token,
      { keyRing: internalsOf(parties.serverRing), maxTokenLength: 8192, verification: keysWith(find) },
      NOW,
    );
  const opened = open(() => key);
  expect(opened).not.toBeInstanceOf(Promise);
  expect(opened).toMatchObject({ claims: claimsOf() });
  const promised = open(async () => key);
  expect(promised).toBeInstanceOf(Promise);
  expect(await promised).toEqual(opened);
});
