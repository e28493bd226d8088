import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import Provider from 'oidc-provider';

const apiKey = createPublicKey(await readFile('api-public.pem'));
const provider = new Provider(process.env.ISSUER ?? 'https://auth.example.com', {
  jwks: JSON.parse(await readFile('signing-keys.json', 'utf8')), // each with alg and kid
  clients: [
    {
      client_id: 'partner',
      client_secret: process.env.PARTNER_SECRET,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
  ],
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://api.example.com',
      getResourceServerInfo: () => ({
        scope: 'read:documents',
        audience: 'https://api.example.com',
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: {
          sign: { alg: 'RS256' },
          encrypt: { alg: 'ECDH-ES', enc: 'A256GCM', key: apiKey, kid: 'api-1' },
        },
      }),
    },
  },
});
provider.listen(process.env.PORT ?? 4000);
