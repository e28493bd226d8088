import { CONNECTIONS, createLoadTest } from '../http/load-test.js';

/** Number of tokens in use when tokens repeat: about a hundred, three per connection. */
export const REPEATED = 3 * CONNECTIONS;

const ENCRYPTED = ['bare', 'floor', 'passport-jwe', 'passport-jwe, Passport', 'Passport alone'];
const SIGNED = [
  'passport-jwt',
  'passport-jwt, KeyObject',
  'express-jwt',
  'express-jwt, KeyObject',
  'express-oauth2-jwt-bearer',
];

/** Subjects whose work is a strict part of another. The cache of passport-jwe skips the work of the floor. */
const PASSPORT = ['bare', 'Passport alone'];
const CONTAINS = {
  ...Object.fromEntries([...ENCRYPTED.slice(1), ...SIGNED].map((name) => [name, ['bare']])),
  'passport-jwe, Passport': PASSPORT,
  'passport-jwt': PASSPORT,
  'passport-jwt, KeyObject': PASSPORT,
};
const CONTAINS_WITHOUT_CACHE = {
  ...CONTAINS,
  'passport-jwe': ['bare', 'floor'],
  'passport-jwe, Passport': [...PASSPORT, 'floor'],
};

/**
 * A route that requires a token and one scope. All tokens are new.
 * @param {import('../token.js').Fixture} fixture
 */
export function createNewTokensScenario({ tokens, signTokens, material }) {
  const candidates = listCandidates(tokens, signTokens());
  return createLoadTest('HTTP, new tokens', candidates, material, CONTAINS_WITHOUT_CACHE);
}

/**
 * The same route with repeated tokens.
 * @param {import('../token.js').Fixture} fixture
 */
export function createRepeatedTokensScenario({ tokens, signTokens, material }) {
  const candidates = listCandidates(tokens.slice(0, REPEATED), signTokens().slice(0, REPEATED));
  return createLoadTest('HTTP, repeated tokens', candidates, material, CONTAINS);
}

/**
 * @param {readonly string[]} tokens
 * @param {readonly string[]} signedTokens
 */
function listCandidates(tokens, signedTokens) {
  const withTokens = (from) => (app) => ({ name: app, app, requests: from.map(toRequest) });
  return [...ENCRYPTED.map(withTokens(tokens)), ...SIGNED.map(withTokens(signedTokens))];
}

/** @param {string} token */
export function toRequest(token) {
  return { method: 'GET', path: '/', headers: { authorization: `Bearer ${token}` } };
}
