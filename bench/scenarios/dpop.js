import { auth } from 'express-oauth2-jwt-bearer';
import { createRequestVerifier } from 'passport-jwe';
import { createDpopClients, createProofFloor, ORIGIN, UNLIMITED_PROOFS } from '../dpop-clients.js';
import { CPU_TIME, consuming, cycle, oneAtATime } from '../subjects.js';
import { AUDIENCE, ISSUER } from '../token.js';

/** @typedef {import('../dpop-clients.js').DpopClient} DpopClient */

/** Number of requests before the measurement, so that V8 has compiled the code. */
const WARM_UP = 4000;

/** Number of distinct bearer tokens. */
const BEARERS = 100;

const REQUIRED = { mode: 'require', baseUrl: ORIGIN, replay: UNLIMITED_PROOFS };

/**
 * Verifies requests that repeat a token with a new proof, without a server. The floor verifies the signature of the
 * proof, and accepts a repeated token without a proof.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createDpopScenario(fixture) {
  const { tokens, keyRing, material } = fixture;
  const nextClient = cycle(await createDpopClients(fixture));
  const nextBearer = cycle(tokens.slice(0, BEARERS).map(toBearerRequest));
  const home = { keyRing, issuer: ISSUER, audience: AUDIENCE };
  const verifyBearer = createRequestVerifier(home);
  const verifyBound = createRequestVerifier({ ...home, dpop: REQUIRED });
  const verifyNonce = createRequestVerifier({ ...home, dpop: { ...REQUIRED, nonce: true } });
  const verifyProof = createProofFloor();

  const supply = async (count) => Array.from({ length: count }, () => toRequest(nextClient(), 'encrypted'));
  const supplySigned = async (count) =>
    Array.from({ length: count }, () => toRequest(nextClient(), 'signed'));
  const supplyNonces = async (count) => {
    const { headers } = await verifyNonce(toRequest(nextClient(), 'encrypted')).catch((error) => error);
    return Array.from({ length: count }, () => toRequest(nextClient(), 'encrypted', headers['DPoP-Nonce']));
  };
  /** @type {[string, typeof supply, (req: object) => Promise<unknown>][]} */
  const subjects = [
    ['floor', supply, (req) => verifyBearer(nextBearer(verifyProof(req.headers.dpop)))],
    ['passport-jwe', supply, verifyBound],
    ['passport-jwe, nonce', supplyNonces, verifyNonce],
    ['express-oauth2-jwt-bearer', supplySigned, createPeer(material.signingKey)],
  ];
  for (const [, create, verify] of subjects) {
    for (const req of await create(WARM_UP)) await verify(req);
  }
  return {
    name: 'DPoP',
    contains: { 'passport-jwe': ['floor'], 'passport-jwe, nonce': ['floor'] },
    subjects: subjects.map(([name, create, verify]) => consuming(name, create, verify, CPU_TIME)),
  };
}

/**
 * Verifies requests with bearer tokens, with and without the option `dpop`.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createBesideDpopScenario({ tokens, keyRing }) {
  const home = { keyRing, issuer: ISSUER, audience: AUDIENCE };
  const requests = tokens.slice(0, BEARERS).map(toBearerRequest);
  const onEach = (verify) => {
    const nextRequest = cycle(requests);
    return () => verify(nextRequest());
  };
  const alone = onEach(createRequestVerifier(home));
  const allowed = onEach(createRequestVerifier({ ...home, dpop: { ...REQUIRED, mode: 'allow' } }));
  for (let done = 0; done < WARM_UP; done += 1) {
    await alone();
    await allowed();
  }
  return {
    name: 'DPoP, bearer tokens',
    subjects: [oneAtATime('without dpop', alone, CPU_TIME), oneAtATime('DPoP allowed', allowed, CPU_TIME)],
  };
}

/**
 * express-oauth2-jwt-bearer has neither a record of used proofs nor nonces.
 * @param {string} secret
 */
function createPeer(secret) {
  const options = { issuer: ISSUER, audience: AUDIENCE, secret, tokenSigningAlg: 'HS256' };
  const middleware = auth({ ...options, dpop: { enabled: true, required: true } });
  return (req) =>
    new Promise((resolve, reject) => {
      middleware(req, {}, (error) => (error === undefined ? resolve(req) : reject(error)));
    });
}

/**
 * @param {DpopClient} client
 * @param {'encrypted' | 'signed'} form
 * @param {string} [nonce]
 */
function toRequest(client, form, nonce) {
  const token = client[form];
  return createRequest({ authorization: `DPoP ${token}`, dpop: client.createProof(token, nonce) });
}

/** @param {string} token */
function toBearerRequest(token) {
  return createRequest({ authorization: `Bearer ${token}` });
}

/**
 * Creates a request with the members that the subjects read.
 * @param {Record<string, string>} fields
 */
function createRequest(fields) {
  const headers = { host: new URL(ORIGIN).host, ...fields };
  return {
    ...{ method: 'GET', url: '/', originalUrl: '/', protocol: 'http', headers },
    rawHeaders: Object.entries(headers).flat(),
    get: (name) => headers[name.toLowerCase()],
    is: () => false,
  };
}
