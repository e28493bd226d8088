import { execFile } from 'node:child_process';
import { rename, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  authenticate,
  ConfigurationError,
  createAuditTrail,
  createKeyRing,
  createMemoryStores,
  createRevocations,
  tokenRouter,
  type WatchedApiKeys,
  watchApiKeys,
} from 'passport-jwe';
import { generateApiKey } from 'passport-jwe/api-keys';
import type { AuditRecord } from 'passport-jwe/audit';
import { rejectionOf } from '../support/caught.js';
import { createKeyDirectory, type KeyDirectory } from '../support/key-directory.js';
import { createRandom } from '../support/random.js';
import { AUDIENCE, ISSUER, secretOf } from '../support/tokens.js';

const ROUNDS = 300;
const GOOD_EVERY = 30;

const SECRET = generateApiKey();
const random = createRandom(6);

/** The last field is required, so that no shorter file is valid. */
const goodFile = (ttl: number): string =>
  `# version ${ttl}\ntoken_ttl: ${ttl}\napi_key: ${SECRET}\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\n`;

type Damage = (directory: KeyDirectory, round: number) => Promise<void>;

const write =
  (content: (round: number) => string | Uint8Array): Damage =>
  (directory, round) =>
    directory.put('demo.yaml', content(round));

/** Puts what is no regular file in place by a rename. */
const place =
  (create: (path: string) => Promise<unknown>): Damage =>
  async (directory, round) => {
    const draft = join(directory.path, '..', `special-${round}`);
    await create(draft);
    await rename(draft, join(directory.path, 'demo.yaml'));
  };

/** Each is another state of the files than the one before it. */
const DAMAGES: readonly Damage[] = [
  write((round) => goodFile(round).slice(0, -3 - Math.floor(random() * 100))),
  write(() => ''),
  (directory) => directory.remove('demo.yaml'),
  write((round) => `${goodFile(round)}# ${'x'.repeat(64 * 1024)}`),
  write(() => Buffer.from([0xff, 0xfe, 0x00, 0x80])),
  write((round) => `${goodFile(round)}a: &a [x, x]\nb: [*a, *a]\n`),
  place((path) => promisify(execFile)('mkfifo', [path])),
  write((round) => `${'['.repeat(20_000)}${round}`),
  write((round) =>
    goodFile(round).replace(SECRET, `${SECRET.slice(0, -1)}${SECRET.endsWith('x') ? 'y' : 'x'}`),
  ),
  place((path) => symlink('/dev/zero', path)),
  write((round) => `${goodFile(round)}run: !!js/function 'function () { process.exit(1) }'\n`),
  place((path) => symlink('demo.yaml', path)),
  write((round) => `${goodFile(round)}__proto__: { admin: true }\nconstructor: { prototype: x }\n`),
  write((round) => `${goodFile(round)}metadata_claims:\n${'- x\n'.repeat(500)}`),
  write(() => '\0'.repeat(10_000)),
];

interface Load {
  readonly statuses: ReadonlyMap<string, number>;
  /** Resolves once a client that starts from now on has had both of its answers. */
  served(): Promise<void>;
  stop(): Promise<void>;
}

/** Exchanges the API key and uses the token, again and again, until it is told to stop. */
function startLoad(origin: string): Load {
  const statuses = new Map<string, number>();
  let isOver = false;
  let started = 0;
  let finished = 0;
  const count = (name: string): void => void statuses.set(name, (statuses.get(name) ?? 0) + 1);
  const run = async (): Promise<void> => {
    while (!isOver) {
      started += 1;
      const body = new URLSearchParams({ grant_type: 'client_credentials' });
      const issued = await fetch(`${origin}/oauth/token`, {
        method: 'POST',
        headers: { 'X-API-Key': SECRET },
        body,
      });
      count(`POST /oauth/token ${issued.status}`);
      const { access_token: token } = JSON.parse(await issued.text());
      const used = await fetch(`${origin}/guarded`, { headers: { Authorization: `Bearer ${token}` } });
      count(`GET /guarded ${used.status}`);
      await used.text();
      finished += 1;
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  };
  const runs = [run(), run()];
  return {
    statuses,
    async served() {
      const target = started + runs.length;
      while (finished < target) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    async stop() {
      isOver = true;
      await Promise.all(runs);
    },
  };
}

async function listen(apiKeys: WatchedApiKeys): Promise<{ server: Server; origin: string }> {
  const keyRing = await createKeyRing({ current: { secret: secretOf(1) } });
  const revocations = createRevocations({ stores: createMemoryStores() });
  const service = { keyRing, issuer: ISSUER, audience: AUDIENCE, revocations, apiKeys };
  const app = express();
  app.use('/oauth', tokenRouter(service));
  app.get('/guarded', authenticate(service), (_req, res) => void res.json({}));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, origin: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` };
}

/**
 * Damages the files again and again, with good ones now and then. After each damage it waits until clients have been
 * served. Returns the last `token_ttl`.
 */
async function damageFiles(
  directory: KeyDirectory,
  apiKeys: WatchedApiKeys,
  rejections: () => number,
  served: () => Promise<void>,
): Promise<number> {
  let ttl = 600;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (round > 0 && round % GOOD_EVERY === 0) {
      ttl += 1;
      await directory.put('demo.yaml', goodFile(ttl));
      await apiKeys.reload();
    }
    await DAMAGES[round % DAMAGES.length]?.(directory, round);
    for (let time = 0; time < 2; time += 1) {
      expect(await rejectionOf(apiKeys.reload())).toBeInstanceOf(ConfigurationError);
    }
    expect({ round, rejections: rejections() }).toEqual({ round, rejections: round + 1 });
    expect(apiKeys.get('demo')?.tokenTtlSeconds).toBe(ttl);
    await served();
  }
  return ttl;
}

describe('API keys under load', () => {
  test(`${ROUNDS} reloads of damaged files fail no request, keep the last valid set in use, and record one event each`, async () => {
    const records: AuditRecord[] = [];
    const countOf = (type: AuditRecord['type']) => records.filter((record) => record.type === type).length;
    const directory = await createKeyDirectory({ 'demo.yaml': goodFile(600) });
    const apiKeys = await watchApiKeys({
      directory: directory.path,
      environment: {},
      debounceMs: 1,
      reloadSeconds: 0.05,
      sighup: false,
      audit: createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }] }),
    });
    const { server, origin } = await listen(apiKeys);
    const load = startLoad(origin);
    try {
      const ttl = await damageFiles(directory, apiKeys, () => countOf('api_keys.rejected'), load.served);
      expect(countOf('api_keys.loaded')).toBe(1 + ttl - 600);
    } finally {
      await load.stop();
      apiKeys.close();
      server.close();
      server.closeAllConnections();
      await directory.dispose();
    }

    expect([...load.statuses.keys()].sort()).toEqual(['GET /guarded 200', 'POST /oauth/token 200']);
    expect(countOf('api_keys.rejected')).toBe(ROUNDS);
  }, 120_000);
});
