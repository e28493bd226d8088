import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type CertificateAuthority, createCertificateAuthority } from '../support/certificate-authority.js';
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.js';
import { exchange, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { modelKey } from '../support/model-gateway.js';
import { findFreePort } from '../support/processes.js';

const { directory, startAndWait } = setUpGatewayPrograms();

const API_KEY = 'sk-live-0123456789abcdef';
const PROVIDER_KEY = 'pk-canary-0123456789';

let authority: CertificateAuthority;
let provider: Server;
let local: ReturnType<typeof createPlainServer>;
let [providerPort, localPort] = [0, 0];
let proxy: ConnectProxy;

const answer: RequestListener = (req, res) => {
  req.resume().on('end', () => {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }));
  });
};

beforeAll(async () => {
  authority = await createCertificateAuthority();
  const { certFile, keyFile } = await authority.issue({ altName: 'DNS:provider.test' });
  provider = createServer({ cert: await readFile(certFile), key: await readFile(keyFile) }, answer);
  local = createPlainServer(answer);
  [providerPort, localPort] = [await findFreePort(), await findFreePort()];
  await new Promise<void>((resolve) => provider.listen(providerPort, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => local.listen(localPort, '127.0.0.1', resolve));
});

afterEach(() => proxy.close());

afterAll(async () => {
  for (const server of [provider, local]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await authority.dispose();
});

/** Starts a gateway behind a proxy, and returns a function that requests a model. */
async function start(settings: Readonly<Record<string, string>>) {
  const apiKeys = join(directory(), 'api-keys');
  await mkdir(apiKeys);
  const model = (name: string, origin: string) =>
    `{ name: ${name}, endpoint: "${origin}/v1/chat/completions", api_key: ${PROVIDER_KEY} }`;
  const models = [model('remote', 'https://provider.test'), model('local', `http://127.0.0.1:${localPort}`)];
  const head = `api_key: ${API_KEY}\nkey_id: live\nname: Live\n`;
  await writeFile(join(apiKeys, 'live.yaml'), head + modelKey(models));
  const { origin, program } = await startAndWait({
    ...{ API_KEYS_DIR: apiKeys, NODE_EXTRA_CA_CERTS: authority.caFile, ...settings },
  });
  const token = await exchange(origin, API_KEY);
  const ask = async (name: string): Promise<number> => {
    const { status } = await fetch(`${origin}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify({ model: name, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    return status;
  };
  return { ask, output: program.output };
}

test('HTTPS_PROXY opens tunnels to providers, whose content the proxy cannot read', async () => {
  proxy = await startConnectProxy(providerPort);
  const { ask } = await start({ HTTPS_PROXY: proxy.url });

  expect(await ask('remote')).toBe(200);
  expect(proxy.targets).toEqual(['provider.test:443']);
  expect(proxy.received()[0]).toBe(22); // TLS handshake, RFC 8446 §5.1
  expect(proxy.received().toString('latin1')).not.toContain(PROVIDER_KEY);
});

test('HTTPS_PROXY can contain credentials, which are in no log line', async () => {
  proxy = await startConnectProxy(providerPort, 'gateway:proxy-canary');
  const { ask, output } = await start({ HTTPS_PROXY: proxy.url });

  expect(await ask('remote')).toBe(200);
  expect(output()).not.toContain('proxy-canary');
});

test('a proxy that rejects the tunnel causes a 502', async () => {
  proxy = await startConnectProxy(providerPort, 'gateway:proxy-canary');
  const { ask, output } = await start({ HTTPS_PROXY: proxy.url.replace('canary', 'mistake') });

  expect(await ask('remote')).toBe(502);
  expect(output()).not.toContain('proxy-mistake');
});

test('providers on loopback, and hosts in NO_PROXY, are not reached through the proxy', async () => {
  proxy = await startConnectProxy(providerPort);
  const { ask } = await start({ HTTPS_PROXY: proxy.url, NO_PROXY: 'provider.test' });

  expect(await ask('local')).toBe(200);
  // The name does not exist, so only the proxy could connect.
  expect(await ask('remote')).toBe(502);
  expect(proxy.targets).toEqual([]);
});

test('NO_PROXY=* disables the proxy', async () => {
  proxy = await startConnectProxy(providerPort);
  const { ask } = await start({ HTTPS_PROXY: proxy.url, NO_PROXY: '*' });

  expect(await ask('remote')).toBe(502);
  expect(proxy.targets).toEqual([]);
});
