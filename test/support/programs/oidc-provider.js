// An authorization server of oidc-provider. Its access tokens are JWTs, encrypted as the resource indicator says, whose
// query has `kid`, `alg` and `enc` of the encryption and `sign`, the algorithm of the signature. Prints its issuer.
import { createPrivateKey, createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [port, audience, redirectUri, encryptionKeys] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

/** Public and shared keys of the resource server, by `kid`. */
const keys = new Map(JSON.parse(encryptionKeys).map((jwk) => [jwk.kid, importKey(jwk)]));

function importKey({ k, ...jwk }) {
  return k === undefined
    ? createPublicKey({ key: jwk, format: 'jwk' })
    : createSecretKey(Buffer.from(k, 'base64url'));
}

/** As PEM while the job still lives: see `key-pairs.ts`. */
const PEM = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
};

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, ...PEM });
const SIGNERS = {
  ...Object.fromEntries(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'].map((alg) => [alg, rsa])),
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256', ...PEM }),
  ES384: generateKeyPairSync('ec', { namedCurve: 'P-384', ...PEM }),
  ES512: generateKeyPairSync('ec', { namedCurve: 'P-521', ...PEM }),
  EdDSA: generateKeyPairSync('ed25519', PEM),
};

const jwks = {
  keys: Object.entries(SIGNERS).map(([alg, { privateKey }]) => ({
    ...createPrivateKey(privateKey).export({ format: 'jwk' }),
    ...{ alg, kid: alg, use: 'sig' },
  })),
};

function describeResource(_ctx, indicator) {
  const { kid, alg, enc, sign, named } = Object.fromEntries(new URL(indicator).searchParams);
  return {
    scope: 'read:documents write:documents',
    audience,
    accessTokenTTL: 600,
    accessTokenFormat: 'jwt',
    jwt: {
      ...(sign === undefined ? {} : { sign: { alg: sign, kid: sign } }),
      encrypt: { alg, enc, key: keys.get(kid), ...(named === 'no' ? {} : { kid }) },
    },
  };
}

/** Grants what the client asks for, without a page of consent. */
async function grantAll(ctx) {
  const { client, session, params } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addResourceScope(params.resource, params.scope);
  await grant.save();
  return grant;
}

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'partner',
      client_secret: 'partner-secret',
      grant_types: ['client_credentials', 'authorization_code'],
      redirect_uris: [redirectUri],
    },
  ],
  jwks,
  cookies: { keys: ['cookie-secret'] },
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  loadExistingGrant: grantAll,
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: describeResource,
      useGrantedResource: () => true,
    },
  },
});
provider.on('server_error', (_ctx, error) => console.error(error));

const answer = provider.callback();
createServer((req, res) => {
  // The login page of a real provider. Here, every user is alice.
  if (req.url.startsWith('/interaction/'))
    provider.interactionFinished(req, res, { login: { accountId: 'alice' } });
  else answer(req, res);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write(`${issuer}\n`));
