import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import {
  authorizationServerMetadata,
  createKeyRing,
  createMemoryStores,
  createRevocations,
  tokenRouter,
  watchApiKeys,
} from 'passport-jwe';
import { createApp } from './app.js';
import { listen } from './listen.js';

/** Credentials of the clients. */
export interface ServiceClients {
  /** API key of the client `robot`. */
  readonly secret: string;
  /** Public JWK Set of the client `signer`, as JSON. */
  readonly jwks: string;
}

/** URLs of the servers. */
export interface ServiceUrls {
  readonly issuer: string;
  /** MCP endpoints. Both clients may use both. */
  readonly notes: string;
  readonly archive: string;
  /** Directory of the API keys. Changes to the files take effect at once. */
  readonly directory: string;
}

/**
 * Starts two MCP servers for services, and a token endpoint whose clients have API keys.
 *
 * @param port port of the first MCP server. 0: any free port
 */
export async function startForServices(port: number, { secret, jwks }: ServiceClients): Promise<ServiceUrls> {
  const [auth, first, second] = [await listen(0), await listen(port), await listen(0)];
  const issuer = auth.origin;
  const [notes, archive] = [`${first.origin}/mcp`, `${second.origin}/mcp`];

  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-mcp-'));
  const fields = `type: api_call\nrate_limits: {}\naudiences: ["${notes}", "${archive}"]\npermissions: ["notes:read", "notes:write"]\nsurplus_scopes: narrow\n`;
  await writeFile(
    join(directory, 'robot.yaml'),
    `key_id: robot\nname: Robot\napi_key: \${ROBOT_SECRET}\n${fields}`,
  );
  await writeFile(join(directory, 'signer.yaml'), `key_id: signer\nname: Signer\njwks: ${jwks}\n${fields}`);
  const apiKeys = await watchApiKeys({ directory, environment: { ROBOT_SECRET: secret } });

  const keyRing = await createKeyRing({ current: { secret: randomBytes(32) } });
  const stores = createMemoryStores();
  const revocations = createRevocations({ stores });
  const shared = { keyRing, issuer, apiKeys, revocations };
  const router = tokenRouter({ ...shared, audience: notes, stores });
  const url = `${issuer}/oauth`;
  // Both SDKs require an authorization endpoint in the metadata, also for clients that use only the token endpoint.
  const members = { authorization_endpoint: `${url}/authorize`, response_types_supported: ['none'] };
  const app = express();
  app.use(authorizationServerMetadata({ tokenRouter: router, url, members }));
  app.get(
    '/oauth/authorize',
    (_req, res) => void res.status(400).json({ error: 'unsupported_response_type' }),
  );
  auth.serve(app.use('/oauth', router));

  const serve = (server: typeof first, resource: string) =>
    server.serve(createApp({ resource, issuer, accept: { ...shared, audience: resource } }));
  serve(first, notes);
  serve(second, archive);
  return { issuer, notes, archive, directory };
}
