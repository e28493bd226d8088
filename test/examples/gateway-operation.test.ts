import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAuditTrail } from 'passport-jwe';
import { verifyAuditFile } from 'passport-jwe/audit';
import { type Gateway, startGateway } from '../../examples/gateway/gateway.js';
import { createMetrics } from '../../examples/gateway/observability/metrics.js';
import { createLogger } from '../../examples/gateway/observability/request-log.js';
import { openAudit } from '../../examples/gateway/open-audit.js';
import { openStores } from '../../examples/gateway/open-stores.js';
import { createGatewayServer } from '../../examples/gateway/server.js';
import { readSettings } from '../../examples/gateway/settings.js';

let home = '';
let lines: string[];
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  lines = [];
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-operation-'));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(home, { recursive: true });
});

type Variables = Readonly<Record<string, string>>;

async function start(variables: Variables = {}): Promise<Gateway> {
  const settings = readSettings({
    ...{ PORT: '0', DATA_DIR: join(home, 'data'), SHUTDOWN_DELAY_MS: '1', ...variables },
  });
  const logger = createLogger({ write: (line) => void lines.push(line) });
  const trail = await openAudit(settings, [], { logger, metrics: createMetrics() });
  closing.push(() => trail.close());
  const gateway = await startGateway(settings, trail.audit);
  closing.push(() => gateway.close());
  return gateway;
}

async function requestToken({ origin, demoApiKey = '' }: Gateway): Promise<number> {
  const { status } = await fetch(`${origin}/oauth/token`, {
    method: 'POST',
    headers: { 'X-API-Key': demoApiKey },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return status;
}

/** Device whose writes fail, as on a full disk. */
const FULL = '/dev/full';
const testOnLinux = existsSync(FULL) ? test : test.skip;

describe('AUDIT_FILE', () => {
  const AUDIT_KEY = 'a5'.repeat(32);

  test('receives audit events in a chain that can be verified', async () => {
    const path = join(home, 'audit.jsonl');
    const gateway = await start({ AUDIT_FILE: path, AUDIT_KEY });
    expect(await requestToken(gateway)).toBe(200);
    for (const close of closing.splice(0).reverse()) await close();

    expect(await readFile(path, 'utf8')).toContain('token.issued');
    expect((await verifyAuditFile(path, Buffer.from(AUDIT_KEY, 'hex'))).isValid).toBe(true);
  });

  testOnLinux('that cannot be written does not affect requests by default', async () => {
    expect(await requestToken(await start({ AUDIT_FILE: FULL, AUDIT_KEY }))).toBe(200);
    expect(lines.join()).toContain('an audit sink failed');
    expect(lines.join()).toContain('ENOSPC');
  });

  testOnLinux('that cannot be written causes 503 with AUDIT_REQUIRED', async () => {
    const gateway = await start({ AUDIT_FILE: FULL, AUDIT_KEY, AUDIT_REQUIRED: 'true' });

    expect(await requestToken(gateway)).toBe(503);
  });

  test('that cannot be opened prevents the start', async () => {
    const missing = join(home, 'missing/audit.jsonl');

    await expect(start({ AUDIT_FILE: missing, AUDIT_KEY })).rejects.toThrow('AUDIT_FILE cannot be opened');
  });
});

describe('KEEP_ALIVE_TIMEOUT_MS', () => {
  test('is 65 seconds by default, above the 60 seconds of common load balancers', async () => {
    const { origin } = await start();
    const { headers } = await fetch(`${origin}/healthz`);

    expect(headers.get('keep-alive')).toBe('timeout=65');
  });

  test('closes an idle connection', async () => {
    const { origin } = await start({ KEEP_ALIVE_TIMEOUT_MS: '50' });
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    let received = '';
    socket.on('data', (data) => {
      received += data;
    });
    await new Promise((resolve) => socket.once('end', resolve));
    socket.destroy();

    expect(received).toContain('200 OK');
  });

  test.each(['1000', '65000', '120000'])('of %s ms is below the timeout for headers', (value) => {
    const { server } = createGatewayServer(readSettings({ KEEP_ALIVE_TIMEOUT_MS: value }));

    expect(server.keepAliveTimeout).toBe(Number(value));
    expect(server.headersTimeout).toBeGreaterThan(Number(value));
  });
});

test('LOG_LEVEL omits log lines of lower levels', () => {
  const { logLevel } = readSettings({ LOG_LEVEL: 'warn' });
  const logger = createLogger({ write: (line) => void lines.push(line) }, logLevel);
  logger.info('omitted');
  logger.warn('written');

  expect(lines).toHaveLength(1);
});

test('MAX_REVOCATIONS and MAX_REVOCATIONS_PER_CLIENT limit the embedded store', async () => {
  const bounds = { MAX_REVOCATIONS: '500', MAX_REVOCATIONS_PER_CLIENT: '50' };
  const settings = readSettings({ DATA_DIR: join(home, 'data'), ...bounds });
  const stores = await openStores(settings, createAuditTrail({ sinks: [] }), () => Date.now() / 1000);
  closing.push(() => stores.close());

  expect(stores.revocations.fill).toMatchObject({ maxEntries: 500, maxClientEntries: 50 });
});
