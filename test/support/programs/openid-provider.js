// An OpenID provider of oidc-provider. It signs in the person that `login_hint` names, if the person has an account. ID
// tokens contain the claims of the account, which the arguments list.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [port, redirectUri, accounts] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

/** Claims by sign-in name. */
const people = JSON.parse(accounts);

/** As PEM while the job still lives: see `key-pairs.ts`. */
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const jwk = {
  ...createPrivateKey(privateKey).export({ format: 'jwk' }),
  alg: 'RS256',
  kid: 'op-1',
  use: 'sig',
};

const provider = new Provider(issuer, {
  clients: ['portal', 'other'].map((client_id) => ({
    client_id,
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    redirect_uris: [redirectUri],
  })),
  jwks: { keys: [jwk] },
  cookies: { keys: ['cookie-secret'] },
  conformIdTokenClaims: false,
  claims: { openid: ['sub', 'groups', 'entry_uuid'] },
  pkce: { required: () => true },
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId, ...people[accountId] }) }),
  /** Grants what the client asks for, without a page of consent. */
  async loadExistingGrant({ oidc: { client, session, params } }) {
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope(params.scope);
    await grant.save();
    return grant;
  },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  features: { devInteractions: { enabled: false } },
});
provider.on('server_error', (_ctx, error) => console.error(error));

/** The login page of a real provider. */
async function signIn(req, res) {
  const { params } = await provider.interactionDetails(req, res);
  const accountId = params.login_hint;
  const result = Object.hasOwn(people, accountId) ? { login: { accountId } } : { error: 'access_denied' };
  await provider.interactionFinished(req, res, result);
}

const answer = provider.callback();
createServer((req, res) => {
  if (req.url.startsWith('/interaction/')) signIn(req, res);
  else answer(req, res);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write(`${issuer}\n`));
