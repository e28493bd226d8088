import { deepEqual } from 'node:assert/strict';
import { compactDecrypt } from 'jose';
// The codec is not public: it comes from the bundle that the entry points share.
import { decryptToken } from '../../dist/chunks/core.js';
import { openToken } from '../floor.js';
import { inFlight, oneAtATime, synchronous } from '../subjects.js';
import { withoutProof } from '../token.js';

/**
 * Decrypts one token repeatedly, without validating claims.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createDecryptScenario({ tokens, claims, keyRing, secretKey, cryptoKey }) {
  const [token] = tokens;
  const options = { keyRing, maxTokenLength: 8192, verification: new Map() };
  const algorithms = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
  const decoder = new TextDecoder();

  const byFloor = () => openToken(token, secretKey);
  const byPackage = () => decryptToken(token, options, Date.now() / 1000).claims;
  const byJose = async () => {
    const { plaintext } = await compactDecrypt(token, cryptoKey, algorithms);
    return JSON.parse(decoder.decode(plaintext));
  };

  for (const read of [byFloor, byPackage, byJose]) deepEqual(withoutProof(await read()), claims);
  return {
    name: 'decrypt',
    subjects: [
      synchronous('floor', byFloor),
      synchronous('passport-jwe', byPackage),
      oneAtATime('jose', byJose),
      inFlight('jose, 64 in flight', byJose, 64),
    ],
  };
}
