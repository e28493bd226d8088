import { deepEqual, equal } from 'node:assert/strict';
import { compactDecrypt, jwtVerify } from 'jose';
import { createTokenVerifier, trustedIssuer } from 'passport-jwe';
import { createExternalForms, EXTERNAL_ISSUER } from '../external-forms.js';
import { CPU_TIME, cycle, oneAtATime, synchronous } from '../subjects.js';
import { AUDIENCE, ISSUER } from '../token.js';

/** @typedef {import('../external-forms.js').ExternalForm} ExternalForm */

/** Number of tokens that the cached subject repeats. */
const REPEATED = 50;

/** Number of times that each token is verified before the measurement, so that V8 has compiled the code. */
const WARM_UP_ROUNDS = 5;

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
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) {
    for (const each of tokens) await uncached.verify(each);
  }
  return {
    name: `trusted issuer, ${name}`,
    contains: { 'passport-jwe': ['floor'] },
    subjects: [
      synchronous('floor', onEach(tokens, openByFloor), CPU_TIME),
      oneAtATime('passport-jwe', onEach(tokens, uncached.verify), CPU_TIME),
      oneAtATime('passport-jwe, cached', onEach(tokens.slice(0, REPEATED), cached.verify), CPU_TIME),
      oneAtATime('jose', onEach(tokens, openByJose), CPU_TIME),
    ],
  };
}

/**
 * Verifies new tokens of the home issuer with and without the option `trustedIssuers`.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createBesideTrustedScenario({ tokens, claims, keyRing }) {
  const [createForm] = createExternalForms;
  const { options } = await createForm();
  const trustedIssuers = [trustedIssuer({ issuer: EXTERNAL_ISSUER, audience: AUDIENCE, ...options })];
  const home = { keyRing, issuer: ISSUER, audience: AUDIENCE };
  const alone = createTokenVerifier(home);
  const beside = createTokenVerifier({ ...home, trustedIssuers });
  for (const { verify } of [alone, beside]) deepEqual((await verify(tokens[0])).claims, claims);
  return {
    name: 'verify, trusted issuers',
    subjects: [
      oneAtATime('without trusted issuers', onEach(tokens, alone.verify), CPU_TIME),
      oneAtATime('with trusted issuers', onEach(tokens, beside.verify), CPU_TIME),
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
