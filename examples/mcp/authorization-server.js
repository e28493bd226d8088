import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import Provider, { errors } from 'oidc-provider';

const SCOPES = 'notes:read notes:write';

/**
 * Creates an authorization server for people: oidc-provider, with its sign-in page for development. Any name and password
 * are valid. Clients identify themselves by a client ID metadata document, or register dynamically.
 *
 * @param {string} issuer
 * @param {string} resource URL of the MCP endpoint
 * @param {import('node:crypto').KeyObject} encryptionKey public key of the MCP server
 * @param {typeof fetch} [fetchDocument] loads client ID metadata documents. Default: public addresses only
 */
export function createAuthorizationServer(issuer, resource, encryptionKey, fetchDocument) {
  const provider = new Provider(issuer, {
    jwks: { keys: [createSigningJwk()] },
    cookies: { keys: [crypto.randomUUID()] },
    findAccount: (_ctx, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    scopes: ['openid', 'offline_access', ...SCOPES.split(' ')],
    pkce: { required: () => true },
    // SDKs register the scope of the first challenge. Without this line, they could not request more later.
    extraClientMetadata: {
      properties: ['scope'],
      validator: (_ctx, _name, _value, client) => {
        client.scope = SCOPES;
      },
    },
    ...(fetchDocument === undefined ? {} : { fetch: fetchDocument }),
    features: {
      clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, indicator) => {
          if (indicator !== resource) throw new errors.InvalidTarget();
          return {
            scope: SCOPES,
            audience: resource,
            accessTokenTTL: 600,
            accessTokenFormat: 'jwt',
            jwt: {
              sign: { alg: 'ES256' },
              encrypt: { alg: 'ECDH-ES', enc: 'A256GCM', key: encryptionKey, kid: 'mcp-1' },
            },
          };
        },
      },
    },
  });
  provider.on('server_error', (_ctx, error) => console.error(error));
  return provider.callback();
}

function createSigningJwk() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    ...createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })).export({ format: 'jwk' }),
    alg: 'ES256',
    kid: 'sign-1',
    use: 'sig',
  };
}
