import { CONNECTIONS, createLoadTest } from '../http/load-test.js';

/** Tokens that are in use at a time, where each comes again and again: three on each connection, a hundred or so. */
export const REPEATED = 3 * CONNECTIONS;

const ENCRYPTED = ['bare', 'floor', 'passport-jwe', 'passport-jwe, Passport', 'Passport alone'];
const SIGNED = [
  'passport-jwt',
  'passport-jwt, KeyObject',
  'express-jwt',
  'express-jwt, KeyObject',
  'express-oauth2-jwt-bearer',
];

/**
 * A route behind a token and one scope, every token another one than the last.
 * @param {import('../token.js').Fixture} fixture
 */
export function createNewTokensScenario({ tokens, signTokens, material }) {
  return createLoadTest('HTTP, new tokens', listCandidates(tokens, signTokens()), material);
}

/**
 * The same with tokens that come again and again.
 * @param {import('../token.js').Fixture} fixture
 */
export function createRepeatedTokensScenario({ tokens, signTokens, material }) {
  const candidates = listCandidates(tokens.slice(0, REPEATED), signTokens().slice(0, REPEATED));
  return createLoadTest('HTTP, repeated tokens', candidates, material);
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
