import { createKeyRing } from 'passport-jwe';
import { createTestClock, mintToken } from 'passport-jwe/testing';

const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } });
const origin = { keyRing, issuer: 'https://auth.example.com', audience: 'https://api.example.com' };
const mint = (options) => mintToken({ ...origin, scope: 'read:documents', ...options });

const valid = await mint();
const other = await mint();
const expired = await mint({ clock: createTestClock(Date.now() / 1000 - 3600) });
const tampered = `${valid.slice(0, -1)}${valid.endsWith('A') ? 'Q' : 'A'}`;

const GRANT = 'grant_type=client_credentials';
const FORM = 'application/x-www-form-urlencoded';
const apiKey = process.env.DEMO_API_KEY;

const get = (path, authorization = [], headers = {}) => ({
  method: 'GET',
  path,
  headers: { ...headers, ...(authorization.length === 0 ? {} : { authorization }) },
});
const bearer = (...tokens) => tokens.map((token) => `Bearer ${token}`);
const post = (body, key, type = FORM) => ({
  method: 'POST',
  path: '/oauth/token',
  headers: { 'content-type': type, 'x-api-key': key },
  body,
});

/** Requests by the names of the rows. Values of headers are strings or arrays of several field values. */
const ROWS = {
  'no token': get('/documents'),
  'valid token': get('/documents', bearer(valid)),
  'tampered token': get('/documents', bearer(tampered)),
  'expired token': get('/documents', bearer(expired)),
  'missing scope': get('/drafts', bearer(valid)),
  'two different tokens': get('/documents', bearer(valid, other)),
  'one token twice': get('/documents', bearer(valid, valid)),
  'header set by middleware': get('/proxied/documents', bearer(tampered), {
    'x-forwarded-access-token': valid,
  }),
  'header deleted by middleware': get('/proxied/documents', bearer(valid)),
  'API key, form': post(GRANT, apiKey),
  'API key, JSON': post('{ "grant_type": "client_credentials" }', apiKey, 'application/json'),
  'wrong API key': post(GRANT, 'wrong'),
  'other media type': post(GRANT, apiKey, 'text/plain'),
  'body too large': post(`${GRANT}&pad=${'x'.repeat(16_384)}`, apiKey),
};

/**
 * Sends the request of every row through a host, and prints the responses as JSON.
 *
 * @param send returns `{ status, headers, body }` for `{ method, path, headers, body }`
 */
export async function drive(send) {
  const responses = [];
  for (const [row, request] of Object.entries(ROWS)) {
    const { status, headers, body } = await send(request);
    const challenge = headers['www-authenticate'];
    const { error, access_token: token } = body === '' ? {} : JSON.parse(body);
    responses.push([row, { status, challenge, error, ...(token === undefined ? {} : { issued: true }) }]);
  }
  console.log(JSON.stringify(Object.fromEntries(responses)));
}
