import { deepEqual } from 'node:assert/strict';
import { createSecretKey } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import { jwtDecrypt } from 'jose';
import jwt from 'jsonwebtoken';
import { createTokenVerifier } from 'passport-jwe';
import { openToken } from '../floor.js';
import { cycle, inFlight, oneAtATime, synchronous } from '../subjects.js';
import { AUDIENCE, ISSUER, withoutProof } from '../token.js';

const CLOCK_TOLERANCE_SECONDS = 5;

/**
 * Decrypts a token and validates its claims set. All tokens are new. For comparison, verifies signed, unencrypted
 * tokens (HS256) with the same claims.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createVerifyScenario({ tokens, signTokens, claims, keyRing, material, ...keys }) {
  const { secretKey, cryptoKey } = keys;
  const signedTokens = signTokens();
  const josePolicy = {
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: 'at+jwt',
    requiredClaims: ['iss', 'aud', 'exp', 'iat', 'jti'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    keyManagementAlgorithms: ['dir'],
    contentEncryptionAlgorithms: ['A256GCM'],
  };

  const signedPolicy = { algorithms: ['HS256'], allowedIss: ISSUER, allowedAud: AUDIENCE };
  const jsonwebtokenPolicy = { algorithms: ['HS256'], issuer: ISSUER, audience: AUDIENCE };

  const byFloor = (token) => openToken(token, secretKey);
  const service = createTokenVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE });
  const byPackage = (token) => service.verify(token);
  const byJose = (token) => jwtDecrypt(token, cryptoKey, josePolicy);

  const byFastJwt = createVerifier({ ...signedPolicy, key: material.signingKey, cache: false });
  const signingKey = createSecretKey(material.signingKey, 'latin1');
  const byJsonwebtoken = (token) => jwt.verify(token, signingKey, jsonwebtokenPolicy);

  deepEqual(withoutProof(byFloor(tokens[0])), claims);
  deepEqual((await byPackage(tokens[0])).claims, claims);
  deepEqual(withoutProof((await byJose(tokens[0])).payload), claims);
  for (const read of [byFastJwt, byJsonwebtoken]) deepEqual(read(signedTokens[0]), claims);
  return {
    name: 'verify',
    subjects: [
      synchronous('floor', onEach(tokens, byFloor)),
      oneAtATime('passport-jwe', onEach(tokens, byPackage)),
      oneAtATime('jose', onEach(tokens, byJose)),
      inFlight('jose, 64 in flight', onEach(tokens, byJose), 64),
      synchronous('signed, fast-jwt', onEach(signedTokens, byFastJwt)),
      synchronous('signed, jsonwebtoken', onEach(signedTokens, byJsonwebtoken)),
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
