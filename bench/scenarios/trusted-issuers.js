import { deepEqual, equal } from 'node:assert/strict';
import { compactDecrypt, jwtVerify } from 'jose';
import { createTokenVerifier, trustedIssuer } from 'passport-jwe';
import { createExternalForms, EXTERNAL_ISSUER } from '../external-forms.js';
import { cycle, oneAtATime, synchronous } from '../subjects.js';
import { AUDIENCE, ISSUER } from '../token.js';

/** @typedef {import('../external-forms.js').ExternalForm} ExternalForm */

/** Shorter than usual, because CI measures all forms. */
const SAMPLE_MS = 25;

/** Number of tokens that the cached subject repeats. */
const REPEATED = 50;

/**
 * One scenario for each form: verifies new tokens of a trusted issuer, without the token cache, and cached tokens.
 * @type {readonly (() => Promise<import('../measure.js').Scenario>)[]}
 */
export const createTrustedIssuerScenarios = createExternalForms.map(
  (createForm) => async () => createScenario(await createForm()),
);

/** @param {ExternalForm} form */
async function createScenario({ name, tokens, claims, options, openByFloor, jose }) {
  const trustedIssuers = [trustedIssuer({ issuer: EXTERNAL_ISSUER, audience: AUDIENCE, ...options })];
  const uncached = createTokenVerifier({ trustedIssuers, tokenCache: false });
  const cached = createTokenVerifier({ trustedIssuers });
  const openByJose = (token) => verifyByJose(token, jose);

  deepEqual(openByFloor(tokens[0]), claims);
  deepEqual(await openByJose(tokens[0]), claims);
  for (const { verify } of [uncached, cached]) equal((await verify(tokens[0])).claims.sub, claims.sub);
  return {
    name: `trusted issuer, ${name}`,
    subjects: [
      synchronous('floor', onEach(tokens, openByFloor), SAMPLE_MS),
      oneAtATime('passport-jwe', onEach(tokens, uncached.verify), SAMPLE_MS),
      oneAtATime('passport-jwe, cached', onEach(tokens.slice(0, REPEATED), cached.verify), SAMPLE_MS),
      oneAtATime('jose', onEach(tokens, openByJose), SAMPLE_MS),
    ],
  };
}

/**
 * Verifies new tokens of the home issuer with and without the option `trustedIssuers`.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createBesideTrustedScenario({ tokens, claims, keyRing }) {
  const forms = await Promise.all(createExternalForms.map((createForm) => createForm()));
  const trustedIssuers = forms.map(({ options }, index) =>
    trustedIssuer({ issuer: `${EXTERNAL_ISSUER}/${index}`, audience: AUDIENCE, ...options }),
  );
  const home = { keyRing, issuer: ISSUER, audience: AUDIENCE };
  const alone = createTokenVerifier(home);
  const beside = createTokenVerifier({ ...home, trustedIssuers: trustedIssuers.slice(0, 1) });
  for (const { verify } of [alone, beside]) deepEqual((await verify(tokens[0])).claims, claims);
  return {
    name: 'verify, trusted issuers',
    subjects: [
      oneAtATime('without trusted issuers', onEach(tokens, alone.verify)),
      oneAtATime('with trusted issuers', onEach(tokens, beside.verify)),
    ],
  };
}

/**
 * Decrypts with jose, and verifies the nested JWS if there is one.
 * @param {string} token
 * @param {ExternalForm['jose']} keys
 */
async function verifyByJose(token, { decryptionKey, decryptOptions, verificationKey, verifyOptions }) {
  const { plaintext } = await compactDecrypt(token, decryptionKey, decryptOptions);
  if (verificationKey === undefined) return JSON.parse(new TextDecoder().decode(plaintext));
  return (await jwtVerify(plaintext, verificationKey, verifyOptions)).payload;
}

/**
 * @template Result
 * @param {readonly string[]} tokens
 * @param {(token: string) => Result} read
 */
function onEach(tokens, read) {
  const nextToken = cycle(tokens);
  return () => read(nextToken());
}
