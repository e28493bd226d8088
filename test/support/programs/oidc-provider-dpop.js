// An authorization server of oidc-provider that requires DPoP nonces at its token endpoint and at its userinfo endpoint.
// GET /token-for?jkt=... returns a token of alice for the userinfo endpoint, bound to a key. Prints its issuer.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [port] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'billing',
      client_secret: 'billing-secret',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
  ],
  cookies: { keys: ['cookie-secret'] },
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => true },
    introspection: { enabled: true },
  },
});
provider.on('server_error', (_ctx, error) => console.error(error));

async function issueUserToken(jkt) {
  const client = await provider.Client.find('billing');
  const grant = new provider.Grant({ clientId: 'billing', accountId: 'alice' });
  grant.addOIDCScope('openid');
  const grantId = await grant.save();
  const token = new provider.AccessToken({
    accountId: 'alice',
    client,
    grantId,
    gty: 'test',
    scope: 'openid',
  });
  token.jkt = jkt;
  return token.save();
}

const answer = provider.callback();
createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url, issuer);
  if (pathname === '/token-for') issueUserToken(searchParams.get('jkt')).then((token) => res.end(token));
  else answer(req, res);
}).listen(Number(port), '127.0.0.1', () => process.stdout.write(`${issuer}\n`));
