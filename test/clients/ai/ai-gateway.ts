import { createKeyRing, type KeyRing } from 'passport-jwe';
import { createTestClock, mintToken } from 'passport-jwe/testing';
import { type ModelGateway, modelKey, startModelGateway } from '../../support/model-gateway.js';
import { type ModelProvider, startModelProvider } from './model-provider.js';

/** Key of the provider, which clients must never see. */
export const PROVIDER_KEY = 'pk-canary-0123456789';

const PASSPHRASE = 'correct horse battery staple, AI clients';
const SALT = 'a-salt-of-the-ai-clients';

/** Gateway whose model `echo-1` is served by a recording provider in every format. */
export interface AiGateway extends ModelGateway {
  readonly provider: ModelProvider;
  /** Environment of the programs of the guide. */
  readonly environment: Readonly<Record<string, string>>;
  /** Creates a token of the client that has expired. */
  expiredToken(): Promise<string>;
  revoke(token: string): Promise<void>;
}

/** @param functions tools that the API key permits. Default: all, because the key is not of type `function_call` */
export async function startAiGateway(functions?: readonly string[]): Promise<AiGateway> {
  const provider = await startModelProvider();
  const endpoints = ['chat/completions", request_usage: true', 'responses"', 'messages"', 'embeddings"'].map(
    (path) => `{ endpoint: "${provider.origin}/v1/${path}, api_key: ${PROVIDER_KEY} }`,
  );
  const key = modelKey([`{ name: echo-1, endpoints: [${endpoints.join(', ')}] }`]);
  const limited = `type: function_call\nfunctions: [${functions?.join(', ')}]`;
  const gateway = await startModelGateway({
    keys: { demo: functions === undefined ? key : key.replace('type: tiered_model_exec', limited) },
    environment: { JWE_PASSPHRASE: PASSPHRASE, JWE_SALT: SALT },
  });
  const { origin } = gateway;
  const keyRing: KeyRing = await createKeyRing({ current: { passphrase: PASSPHRASE, salt: SALT } });

  return {
    ...gateway,
    provider,
    environment: { GATEWAY_URL: origin, DEMO_API_KEY: 'sk-demo' },
    expiredToken: () =>
      mintToken({
        ...{ keyRing, issuer: origin, audience: origin, clientId: 'demo', type: 'tiered_model_exec' },
        claims: { allowed_models: ['echo-1'] },
        clock: createTestClock(Date.now() / 1000 - 3600),
      }),
    async revoke(token) {
      const body = new URLSearchParams({ token });
      await fetch(`${origin}/oauth/revoke`, { method: 'POST', headers: { 'X-API-Key': 'sk-demo' }, body });
    },
    async close() {
      await gateway.close();
      await provider.close();
    },
  };
}
