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
  const service = createTokenService({ keyRing, issuer: ISSUER, audience: AUDIENCE });
  const byPackage = async (token) => (await service.verify(token)).claims;
  const byJose = async (token) => (await jwtDecrypt(token, cryptoKey, josePolicy)).payload;

  for (const read of [byFloor, byPackage, byJose]) deepEqual(await read(tokens[0]), claims);
  return {
    name: 'verify',
    subjects: [
      synchronous('floor', onEach(tokens, byFloor)),
      oneAtATime('passport-jwe', onEach(tokens, byPackage)),
      oneAtATime('jose', onEach(tokens, byJose)),
      inFlight('jose, 64 in flight', onEach(tokens, byJose), 64),
    ],
  };
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
