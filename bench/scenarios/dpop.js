import { auth } from 'express-oauth2-jwt-bearer';
import { createRequestVerifier } from 'passport-jwe';
import { createDpopClient, createProofFloor, ORIGIN } from '../dpop-clients.js';
import { openToken, sealToken } from '../floor.js';
import { CPU_TIME, consuming, cycle, oneAtATime } from '../subjects.js';
import { AUDIENCE, ISSUER, signClaims } from '../token.js';

/** @typedef {import('../dpop-clients.js').DpopClient} DpopClient */

/** Number of clients. Each repeats its token, with a new proof for each request. */
const CLIENTS = 32;

/** More than a client sends in a run. */
const REPLAY = { maxProofsPerKey: 1_000_000 };

/** Number of requests before the measurement, so that V8 has compiled the code. */
const WARM_UP = 4000;

/**
 * A client, and its tokens in the form of each subject.
 * @typedef {object} Party
 * @property {DpopClient} client
 * @property {string} encrypted
 * @property {string} signed
 */

/**
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<readonly Party[]>}
 */
export async function createParties({ tokens, secretKey, material }) {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, createDpopClient));
  return clients.map((client, index) => {
    const [header] = tokens[index].split('.');
    const claims = { ...openToken(tokens[index], secretKey), cnf: client.cnf };
    return {
      client,
      encrypted: sealToken(claims, header, secretKey),
      signed: signClaims(claims, material.signingKey),
    };
  });
}

/**
 * Authenticates requests that repeat a token with a new proof. The floor verifies the signature of the proof, and accepts
 * a bearer token that repeats.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createDpopScenario(fixture) {
  const { tokens, keyRing, material } = fixture;
  const nextParty = cycle(await createParties(fixture));
  const nextToken = cycle(tokens.slice(0, CLIENTS));
  const home = { keyRing, issuer: ISSUER, audience: AUDIENCE };
  const dpop = { mode: 'require', baseUrl: ORIGIN, replay: REPLAY };
  const verifyBearer = createRequestVerifier(home);
  const verifyBound = createRequestVerifier({ ...home, dpop });
  const verifyNonce = createRequestVerifier({ ...home, dpop: { ...dpop, nonce: true } });
  const verifyProof = createProofFloor();
  const verifySigned = createPeer(material.signingKey);

  const supply = (form, getNonce) => async (count) => {
    const nonce = await getNonce?.();
    return Array.from({ length: count }, () => toRequest(nextParty(), form, nonce));
  };
  const getNonce = async () => {
    const { headers } = await verifyNonce(toRequest(nextParty(), 'encrypted')).catch((error) => error);
    return headers['DPoP-Nonce'];
  };
  const byFloor = (req) => {
    verifyProof(req.headers.dpop);
    return verifyBearer(req.bearer);
  };
  const supplyFloor = async (count) =>
    (await supply('encrypted')(count)).map((req) =>
      Object.assign(req, { bearer: toBearerRequest(nextToken()) }),
    );
  for (const req of await supply('encrypted')(WARM_UP)) await verifyBound(req);
  for (const req of await supplyFloor(WARM_UP)) await byFloor(req);
  for (const req of await supply('encrypted', getNonce)(WARM_UP)) await verifyNonce(req);
  return {
    name: 'DPoP',
    subjects: [
      consuming('floor', supplyFloor, byFloor, CPU_TIME),
      consuming('passport-jwe', supply('encrypted'), verifyBound, CPU_TIME),
      consuming('passport-jwe, nonce', supply('encrypted', getNonce), verifyNonce, CPU_TIME),
      consuming('express-oauth2-jwt-bearer', supply('signed'), verifySigned, CPU_TIME),
    ],
  };
}

/** @param {string} secret */
function createPeer(secret) {
  const options = { issuer: ISSUER, audience: AUDIENCE, secret, tokenSigningAlg: 'HS256' };
  const middleware = auth({ ...options, dpop: { enabled: true, required: true } });
  return (req) =>
    new Promise((resolve, reject) => {
      middleware(req, {}, (error) => (error === undefined ? resolve(req) : reject(error)));
    });
}

/**
 * @param {Party} party
 * @param {'encrypted' | 'signed'} form
 * @param {string} [nonce]
 */
function toRequest(party, form, nonce) {
  const { client, [form]: token } = party;
  return createRequest({ authorization: `DPoP ${token}`, dpop: client.createProof(token, nonce) });
}

/** @param {string} token */
function toBearerRequest(token) {
  return createRequest({ authorization: `Bearer ${token}` });
}

/** Creates a request with the members that the subjects read. */
function createRequest(fields) {
  const headers = { host: new URL(ORIGIN).host, ...fields };
  return {
    ...{ method: 'GET', url: '/', originalUrl: '/', protocol: 'http', headers },
    rawHeaders: Object.entries(headers).flat(),
    get: (name) => headers[name.toLowerCase()],
    is: () => false,
  };
}

/**
 * Authenticates requests with bearer tokens, with and without the option `dpop`.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createBearerBesideDpopScenario({ tokens, keyRing }) {
  const home = { keyRing, issuer: ISSUER, audience: AUDIENCE };
  const alone = createRequestVerifier(home);
  const beside = createRequestVerifier({ ...home, dpop: { mode: 'allow', baseUrl: ORIGIN } });
  const requests = tokens.slice(0, 100).map(toBearerRequest);
  const onEach = (verify) => {
    const next = cycle(requests);
    return () => verify(next());
  };
  return {
    name: 'DPoP, bearer requests',
    subjects: [
      oneAtATime('without dpop', onEach(alone), CPU_TIME),
      oneAtATime('dpop allowed', onEach(beside), CPU_TIME),
    ],
  };
}
