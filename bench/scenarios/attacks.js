import { deepEqual, equal } from 'node:assert/strict';
import { createTokenVerifier, InvalidTokenError } from 'passport-jwe';
import { cycle, oneAtATime } from '../subjects.js';
import { AUDIENCE, ISSUER } from '../token.js';

/** Default of `maxTokenLength`, in characters. */
const MAX_TOKEN_LENGTH = 8192;

const MEGABYTE = 1_048_576;

/**
 * A token that an attacker without a key can send.
 * @typedef {object} Attack
 * @property {string} name
 * @property {string} token
 * @property {import('passport-jwe').TokenRejection} reason expected reason of its rejection
 */

/**
 * Rejects tokens of attackers. None may cost more than a small multiple of the subject `valid`, which verifies new
 * tokens.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createAttackScenario(fixture) {
  const { keyRing, tokens, claims } = fixture;
  // Each token is decrypted, as a new one is. Rejected tokens are never cached.
  const service = createTokenVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, tokenCache: false });
  const nextToken = cycle(tokens);
  const attacks = createAttacks(fixture);

  deepEqual((await service.verify(tokens[0])).claims, claims);
  for (const { token, reason } of attacks) equal(await reasonFor(service, token), reason);
  return {
    name: 'attacks',
    subjects: [
      oneAtATime('valid', () => service.verify(nextToken())),
      ...attacks.map(({ name, token }) => oneAtATime(name, () => reasonFor(service, token))),
    ],
  };
}

/**
 * @param {import('passport-jwe').TokenVerifier} service
 * @param {string} token
 * @returns {Promise<string | undefined>} undefined if it is accepted
 */
async function reasonFor(service, token) {
  try {
    await service.verify(token);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidTokenError) return error.reason;
    throw error;
  }
}

/**
 * @param {import('../token.js').Fixture} fixture
 * @returns {readonly Attack[]}
 */
function createAttacks({ tokens: [token], header }) {
  const withTag = (tag) => replaceSegment(token, 4, tag);
  const withHeader = (text) => replaceSegment(token, 0, encode(text));
  const withMembers = (members) => withHeader(JSON.stringify({ ...header, ...members }));
  const behindMembers = (text) => withHeader(JSON.stringify(header).replace(/\}$/, `,${text}}`));
  /** @type {readonly [name: string, reason: Attack['reason'], token: string][]} */
  const attacks = [
    ['wrong tag', 'decryption', withTag('A'.repeat(22))],
    ['wrong tag, 8 KB', 'decryption', lengthen(withTag('A'.repeat(22)))],
    ['another header', 'decryption', withMembers({ x: 1 })],
    ['unknown kid', 'unknown_key', withMembers({ kid: 'unknown' })],
    ['unknown kid, 8 KB', 'unknown_key', lengthen(withMembers({ kid: 'unknown' }))],
    ['another alg', 'algorithm', withMembers({ alg: 'RSA1_5' })],
    ['zip', 'header_refused_member', withMembers({ zip: 'DEF' })],
    ['p2c', 'header_refused_member', withMembers({ alg: 'PBES2-HS512+A256KW', p2c: 2 ** 31 - 1 })],
    ['crit', 'header_refused_member', withMembers({ crit: ['exp'] })],
    ['deep header', 'header_invalid_member', behindMembers(`"x":${'['.repeat(440)}${']'.repeat(440)}`)],
    ['deep header, cut', 'header_not_json', withHeader('['.repeat(1024))],
    ['duplicate members', 'header_duplicate_member', behindMembers('"kid":"other"')],
    ['duplicate members, 1 KB', 'header_duplicate_member', behindMembers(`${manyMembers()},"kid":"other"`)],
    ['many members, 1 KB', 'decryption', behindMembers(manyMembers())],
    ['header of 6 KB', 'header_too_long', behindMembers(`"x":"${'x'.repeat(5000)}"`)],
    ['not base64url', 'not_base64url', withTag(`${'A'.repeat(21)}B`)],
    ['not base64url, 8 KB', 'not_base64url', token.padEnd(MAX_TOKEN_LENGTH, '=')],
    ['IV of 16 bytes', 'iv_length', replaceSegment(token, 2, 'A'.repeat(22))],
    ['encrypted key', 'encrypted_key', replaceSegment(token, 1, 'A'.repeat(43))],
    ['too long', 'too_long', token + 'A'.repeat(MAX_TOKEN_LENGTH)],
    ['8 KB of dots', 'segment_count', '.'.repeat(MAX_TOKEN_LENGTH)],
    ['a megabyte of dots', 'too_long', '.'.repeat(MEGABYTE)],
    ['a megabyte of letters', 'too_long', 'A'.repeat(MEGABYTE)],
  ];
  return attacks.map(([name, reason, text]) => ({ name, reason, token: asReceived(text) }));
}

/** Returns as many distinct members as fit into a header of 1 KiB. */
function manyMembers() {
  return Array.from({ length: 85 }, (_, index) => `"${index.toString(36)}":${index}`).join(',');
}

/**
 * Extends the ciphertext to the maximum length of a token.
 * @param {string} token
 */
function lengthen(token) {
  const room = MAX_TOKEN_LENGTH - token.length;
  const { length } = token.split('.')[3];
  return replaceSegment(token, 3, 'A'.repeat(4 * Math.floor((length + room) / 4)));
}

/**
 * @param {string} token
 * @param {number} index
 * @param {string} segment
 */
function replaceSegment(token, index, segment) {
  return token.split('.').with(index, segment).join('.');
}

/** @param {string} text */
function encode(text) {
  return Buffer.from(text).toString('base64url');
}

/**
 * Returns a flat copy, as an HTTP parser creates it.
 * @param {string} token
 */
function asReceived(token) {
  return Buffer.from(token, 'latin1').toString('latin1');
}
