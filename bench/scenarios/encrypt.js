import { deepEqual } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { EncryptJWT } from 'jose';
import { sealToken } from '../floor.js';
import { inFlight, oneAtATime, synchronous } from '../subjects.js';
import { AUDIENCE } from '../token.js';

/**
 * Issues tokens, each with its own times and `jti`.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createEncryptScenario({ service, request, claims, header, secretKey, cryptoKey }) {
  const encodedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
  const lasting = withoutOwn(claims);
  const ownClaims = () => {
    const iat = Math.floor(Date.now() / 1000);
    return { iat, nbf: iat, exp: iat + request.lifetime, jti: randomUUID() };
  };

  const byFloor = () => sealToken({ ...lasting, ...ownClaims() }, encodedHeader, secretKey);
  const byPackage = async () => (await service.issue(request)).token;
  const byJose = () =>
    new EncryptJWT({ ...lasting, ...ownClaims(), aud: AUDIENCE })
      .setProtectedHeader(header)
      .encrypt(cryptoKey);

  for (const issue of [byFloor, byPackage, byJose]) {
    const verified = await service.verify(await issue());
    deepEqual(verified.header, header);
    deepEqual(withoutOwn(verified.claims), lasting);
  }
  return {
    name: 'encrypt',
    subjects: [
      synchronous('floor', byFloor),
      oneAtATime('passport-jwe', byPackage),
      oneAtATime('jose', byJose),
      inFlight('jose, 64 in flight', byJose, 64),
    ],
  };
}

/**
 * Returns the claims that all tokens share.
 * @param {import('passport-jwe').ClaimsSet} claims
 */
function withoutOwn({ iat, nbf, exp, jti, ...lasting }) {
  return lasting;
}
