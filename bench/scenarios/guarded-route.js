import { createLoadTest } from '../http/load-test.js';

/** Tokens that are in use at a time where each comes again and again. */
const REPEATED = 100;

const ENCRYPTED = ['bare', 'floor', 'passport-jwe', 'passport-jwe, Passport'];
const SIGNED = ['passport-jwt', 'express-jwt', 'express-oauth2-jwt-bearer'];

/**
 * A route behind a token and one scope, every token another one than the last.
 * @param {import('../token.js').Fixture} fixture
 */
export function createColdRouteScenario({ tokens, signedTokens, material }) {
  return createLoadTest('HTTP, new tokens', candidates({ tokens, signedTokens, renewed: true }), material);
}

/**
 * The same with tokens that the application knows already.
 * @param {import('../token.js').Fixture} fixture
 */
export function createWarmRouteScenario({ tokens, signedTokens, material }) {
  const repeated = { tokens: tokens.slice(0, REPEATED), signedTokens: signedTokens.slice(0, REPEATED) };
  return createLoadTest('HTTP, repeated tokens', candidates({ ...repeated, renewed: false }), material);
}

function candidates({ tokens, signedTokens, renewed }) {
  const withTokens = (from) => (app) => ({ name: app, app, renewed, requests: from.map(toRequest) });
  return [...ENCRYPTED.map(withTokens(tokens)), ...SIGNED.map(withTokens(signedTokens))];
}

/** @param {string} token */
function toRequest(token) {
  return { method: 'GET', path: '/', headers: { authorization: `Bearer ${token}` } };
}
