import { generateKeyPairSync } from 'node:crypto';
import { createDecryptionKeys, discoverJwks, oidcProvider } from 'passport-jwe';
import { createApp } from './app.js';
import { createAuthorizationServer } from './authorization-server.js';
import { listen } from './listen.js';

/**
 * Starts an MCP server for people. Its authorization server, oidc-provider, encrypts access tokens to the public key of the
 * MCP server.
 *
 * @param port port of the MCP server. 0: any free port
 * @param fetchDocument loads client ID metadata documents. Default: public addresses only
 * @returns URL of the MCP endpoint
 */
export async function startForPeople(port: number, fetchDocument?: typeof fetch): Promise<string> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...privateKey.export({ format: 'jwk' }), alg: 'ECDH-ES', kid: 'mcp-1' };
  const decryption = await createDecryptionKeys({ jwk });

  const authorizationServer = await listen(0);
  const mcpServer = await listen(port);
  const issuer = authorizationServer.origin;
  const resource = `${mcpServer.origin}/mcp`;
  authorizationServer.serve(createAuthorizationServer(issuer, resource, publicKey, fetchDocument));
  // The authorization server has a private address in this example only.
  const verification = discoverJwks({ issuer, allowPrivate: true });
  const scopes = ['notes:read', 'notes:write'];
  const trustedIssuers = [oidcProvider({ issuer, audience: resource, scopes, decryption, verification })];
  mcpServer.serve(createApp({ resource, issuer, accept: { trustedIssuers } }));
  return resource;
}
