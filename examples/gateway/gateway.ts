import { createServer } from 'node:http';
import { type AuditTrail, createRevocations, type WatchedApiKeys, watchApiKeys } from 'passport-jwe';
import { createApp, type Service } from './app.js';
import { openDataDirectory } from './data-directory.js';
import { createEchoModel } from './echo/create-echo-model.js';
import type { CompletionListener } from './models/completion-record.js';
import { connectProviders } from './models/connect-providers.js';
import { type OpenKeys, openKeys } from './open-keys.js';
import { openStores } from './open-stores.js';
import { close, listen } from './server.js';
import type { Settings } from './settings.js';

/** A gateway that listens. */
export interface Gateway {
  readonly origin: string;
  /** The API key of the sample configuration, where that is in use. */
  readonly demoApiKey: string | undefined;
  /** Stops accepting, lets running requests end, and resolves then. */
  close(): Promise<void>;
}

/** Loads everything, then listens: issuer and audience default to the origin that it listens on. */
export async function startGateway(
  settings: Settings,
  audit: AuditTrail,
  onCompletion: CompletionListener = () => {},
): Promise<Gateway> {
  const demoApiKey = settings.isSample ? await chooseDemoApiKey(settings) : undefined;
  const stores = await openStores(settings, audit);
  const revocations = createRevocations({ store: stores.revocations, audit });

  const server = createServer();
  const echo = createEchoModel();
  const dispatcher = connectProviders(settings);
  let keys: OpenKeys | undefined;
  let apiKeys: WatchedApiKeys | undefined;
  const closeAll = async (): Promise<void> => {
    apiKeys?.close();
    await keys?.close();
    await dispatcher.close();
    await echo.close();
    await stores.close();
  };
  try {
    keys = await openKeys(settings, stores, audit);
    apiKeys = await watchKeys(settings, demoApiKey, { revocations, audit });
    const origin = await listen(server, settings);
    const { issuer = origin, audience = origin } = settings;
    const service = { keyRing: keys.keyRing, issuer, audience, revocations, audit };
    const models = { dispatcher, echoOrigin: () => echo.origin(), onCompletion };
    server.on('request', createApp(service, { settings, apiKeys, stores, models }));
    return { origin, demoApiKey, close: () => close(server).finally(closeAll) };
  } catch (failure) {
    await closeAll();
    throw failure;
  }
}

/** A terminal that is closed ends what runs in it by SIGHUP; elsewhere that has the files read again. */
function watchKeys(
  { apiKeysDir: directory }: Settings,
  demoApiKey: string | undefined,
  parts: Pick<Service, 'revocations' | 'audit'>,
): Promise<WatchedApiKeys> {
  const environment = { ...process.env, DEMO_API_KEY: demoApiKey };
  return watchApiKeys({ ...parts, directory, environment, sighup: !process.stdin.isTTY });
}

async function chooseDemoApiKey(settings: Settings): Promise<string> {
  return settings.demoApiKey ?? openDataDirectory(settings.dataDir).demoApiKey();
}
