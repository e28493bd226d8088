import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuditTrail } from 'passport-jwe';
import type { AuditSink } from 'passport-jwe/audit';
import { startGateway } from '../../examples/gateway/gateway.js';
import type { CompletionRecord } from '../../examples/gateway/models/completion-record.js';
import type { Observers } from '../../examples/gateway/observability/observers.js';
import { readSettings } from '../../examples/gateway/settings.js';

/** The sample gateway in this process, with API keys of a test. */
export interface ModelGateway {
  readonly origin: string;
  /** What became of each request to a model, in the order in which they ended. */
  readonly metricsOrigin: string | undefined;
  readonly completions: readonly CompletionRecord[];
  /** Exchanges an API key for a token. */
  tokenOf(keyId: string, parameters?: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

export interface ModelGatewayParts {
  /** API-key files by the `key_id` that they are for: what follows the fields that all have in common. */
  readonly keys: Readonly<Record<string, string>>;
  /** Default: `sk-<keyId>`. */
  readonly apiKeyOf?: (keyId: string) => string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly observers?: Omit<Observers, 'onCompletion'>;
  /** Default: nobody listens. */
  readonly sinks?: readonly AuditSink[];
}

export async function startModelGateway(parts: ModelGatewayParts): Promise<ModelGateway> {
  const { keys, environment, observers, sinks = [], apiKeyOf = (keyId) => `sk-${keyId}` } = parts;
  const home = await mkdtemp(join(tmpdir(), 'passport-jwe-models-'));
  const directory = join(home, 'api-keys');
  await mkdir(directory);
  for (const [keyId, fields] of Object.entries(keys)) {
    const head = `api_key: ${apiKeyOf(keyId)}\nkey_id: ${keyId}\nname: ${keyId}\n`;
    await writeFile(join(directory, `${keyId}.yaml`), head + fields);
  }
  const settings = readSettings({
    ...{ PORT: '0', DATA_DIR: join(home, 'data'), API_KEYS_DIR: directory },
    ...environment,
  });
  const completions: CompletionRecord[] = [];
  const audit = createAuditTrail({ sinks });
  const gateway = await startGateway(settings, audit, {
    ...observers,
    onCompletion: (record) => void completions.push(record),
  });

  return {
    origin: gateway.origin,
    metricsOrigin: gateway.metricsOrigin,
    completions,
    async tokenOf(keyId, parameters = {}) {
      const answer = await fetch(`${gateway.origin}/oauth/token`, {
        method: 'POST',
        headers: { 'X-API-Key': apiKeyOf(keyId) },
        body: new URLSearchParams({ grant_type: 'client_credentials', ...parameters }),
      });
      return JSON.parse(await answer.text()).access_token;
    },
    async close() {
      await gateway.close();
      await rm(home, { recursive: true });
    },
  };
}

/** Fields of a key that executes models. */
export function modelKey(models: readonly string[], limits = ''): string {
  return [
    'type: tiered_model_exec',
    'permissions: [execute:models]',
    'models:',
    ...models.map((model) => `  - ${model}`),
    `rate_limits: { requests_per_minute: 100000, requests_per_hour: 1000000, tokens_per_minute: 10000000, concurrent_requests: 1000${limits} }`,
    '',
  ].join('\n');
}
