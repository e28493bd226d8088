import { deepEqual } from 'node:assert/strict';
import { jwtDecrypt } from 'jose';
import { createTokenService } from 'passport-jwe';
import { openToken } from '../floor.js';
import { cycle, inFlight, oneAtATime, synchronous } from '../subjects.js';
import { AUDIENCE, ISSUER } from '../token.js';

const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Opens a token and validates its claims set; every token is another one than the last.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createVerifyScenario({ tokens, claims, keyRing, secretKey, cryptoKey }) {
  const josePolicy = {
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: 'at+jwt',
    requiredClaims: ['iss', 'aud', 'exp', 'iat', 'jti'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
  };

  const byFloor = (token) => openToken(token, secretKey);
  const byPackage = async (token) => (await createService(keyRing).verify(token)).claims;
  const byJose = async (token) => (await jwtDecrypt(token, cryptoKey, josePolicy)).payload;

  for (const read of [byFloor, byPackage, byJose]) deepEqual(await read(tokens[0]), claims);
  return {
    name: 'verify',
    subjects: [
      synchronous('floor', onEach(tokens, byFloor)),
      oneAtATime('passport-jwe', verifyNew(tokens, keyRing)),
      oneAtATime('jose', onEach(tokens, byJose)),
      inFlight('jose, 64 in flight', onEach(tokens, byJose), 64),
    ],
  };
}

/**
 * Verifies each token once, and then all of them by another service, so that each is new to whoever reads it.
 * @param {readonly string[]} tokens
 * @param {import('passport-jwe').KeyRing} keyRing
 */
function verifyNew(tokens, keyRing) {
  let [service, index] = [createService(keyRing), 0];
  return () => {
    if (index === tokens.length) [service, index] = [createService(keyRing), 0];
    const token = tokens[index];
    index += 1;
    return service.verify(token);
  };
}

/** @param {import('passport-jwe').KeyRing} keyRing */
function createService(keyRing) {
  return createTokenService({ keyRing, issuer: ISSUER, audience: AUDIENCE });
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
