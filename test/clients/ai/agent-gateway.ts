import { type ModelGateway, modelKey, startModelGateway } from '../../support/model-gateway.js';
import { PROVIDER_KEY } from './ai-gateway.js';
import { type ModelProvider, startModelProvider } from './model-provider.js';
import { type RecordedExchange, startRecordingProxy } from './recording-proxy.js';

/** API key of the client `demo`. */
export const API_KEY = 'sk-demo';

/** Gateway between an agent and a recording provider. A recording proxy is between the agent and the gateway. */
export interface AgentGateway extends Omit<ModelGateway, 'close'> {
  /** Origin of the proxy, which is also the issuer. */
  readonly origin: string;
  /** Origin behind the proxy, for requests of the test. */
  readonly directOrigin: string;
  readonly provider: ModelProvider;
  /** Exchanges of the agent and its helper. */
  readonly exchanges: readonly RecordedExchange[];
  revoke(token: string): Promise<void>;
  /** Forgets exchanges and completions. */
  forget(): void;
  close(): Promise<void>;
}

/** Fields of the API key. */
export interface AgentKey {
  readonly tokenTtlSeconds?: number;
  /** Names of all tools that the key allows. Default: all tools. */
  readonly functions?: readonly string[];
}

/** Starts a gateway with the model `echo-1` of the guide. */
export async function startAgentGateway(key: AgentKey = {}): Promise<AgentGateway> {
  const { tokenTtlSeconds = 600, functions } = key;
  const provider = await startModelProvider();
  const proxy = await startRecordingProxy();
  const endpoints = ['responses', 'messages'].map(
    (path) => `{ endpoint: "${provider.origin}/v1/${path}", api_key: ${PROVIDER_KEY} }`,
  );
  const unlimited = modelKey([`{ name: echo-1, endpoints: [${endpoints.join(', ')}] }`]);
  const demo =
    functions === undefined
      ? unlimited
      : unlimited.replace('tiered_model_exec', `function_call\nfunctions: [${functions.join(', ')}]`);
  const gateway = await startModelGateway({
    keys: { demo: `${demo}token_ttl: ${tokenTtlSeconds}\n` },
    environment: { ISSUER: proxy.origin, AUDIENCE: proxy.origin, PUBLIC_URL: proxy.origin },
  });
  proxy.forwardTo(gateway.origin);
  let forgotten = 0;

  return {
    ...gateway,
    ...{ provider, origin: proxy.origin, directOrigin: gateway.origin, exchanges: proxy.exchanges },
    get completions() {
      return gateway.completions.slice(forgotten);
    },
    async revoke(token) {
      const body = new URLSearchParams({ token });
      const headers = { 'X-API-Key': API_KEY };
      await fetch(`${gateway.origin}/oauth/revoke`, { method: 'POST', headers, body });
    },
    forget() {
      proxy.forget();
      forgotten = gateway.completions.length;
    },
    async close() {
      await gateway.close();
      await proxy.close();
      await provider.close();
    },
  };
}
