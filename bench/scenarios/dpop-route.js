import { createDpopClients, ORIGIN } from '../dpop-clients.js';
import { createLoadTest } from '../http/load-test.js';
import { cycle } from '../subjects.js';
import { REPEATED, toRequest } from './guarded-route.js';

/** @typedef {import('../dpop-clients.js').DpopClient} DpopClient */

/** Applications whose requests have DPoP proofs, by subject. The floor verifies one signature in addition to bare Express. */
const ENCRYPTED = {
  bare: 'bare',
  floor: 'ES256 verification',
  'passport-jwe': 'passport-jwe, DPoP required',
};

/** Subjects whose work is a strict part of another. */
const CONTAINS = {
  floor: ['bare'],
  'passport-jwe': ['bare', 'floor'],
  'passport-jwe, nonce': ['bare', 'floor'],
  'express-oauth2-jwt-bearer': ['bare'],
};

/**
 * A route that requires a token with a proof and one scope. All proofs are new, and the tokens repeat. The last two
 * subjects receive bearer tokens.
 * @param {import('../token.js').Fixture} fixture
 */
export async function createDpopRouteScenario(fixture) {
  const nextClient = cycle(await createDpopClients(fixture));
  const bearers = fixture.tokens.slice(0, REPEATED).map(toRequest);
  const create = (form, nonceOf) => async (count, url) => {
    const nonce = await nonceOf?.(url, nextClient());
    return Array.from({ length: count }, () => toDpopRequest(nextClient(), form, nonce));
  };
  const encrypted = create('encrypted');
  const candidates = [
    ...Object.entries(ENCRYPTED).map(([name, app]) => ({ name, app, createRequests: encrypted })),
    {
      ...{ name: 'passport-jwe, nonce', app: 'passport-jwe, DPoP nonces' },
      createRequests: create('encrypted', fetchNonce),
    },
    {
      ...{ name: 'express-oauth2-jwt-bearer', app: 'express-oauth2-jwt-bearer, DPoP' },
      createRequests: create('signed'),
    },
    { name: 'bearer, without dpop', app: 'passport-jwe', requests: bearers },
    { name: 'bearer, DPoP allowed', app: 'passport-jwe, DPoP allowed', requests: bearers },
  ];
  return createLoadTest('DPoP, route', candidates, fixture.material, CONTAINS);
}

/**
 * @param {DpopClient} client
 * @param {'encrypted' | 'signed'} form
 * @param {string} [nonce]
 */
function toDpopRequest(client, form, nonce) {
  const token = client[form];
  const headers = { authorization: `DPoP ${token}`, dpop: client.createProof(token, nonce) };
  return { method: 'GET', path: '/', headers: { host: new URL(ORIGIN).host, ...headers } };
}

/**
 * Receives a nonce, as a client does: in the response to a request without one.
 * @param {string} url
 * @param {DpopClient} client
 */
async function fetchNonce(url, client) {
  const { headers } = toDpopRequest(client, 'encrypted');
  const { authorization, dpop } = headers;
  const response = await fetch(url, { headers: { authorization, dpop } });
  return response.headers.get('DPoP-Nonce');
}
