import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { readSettings } from '../../examples/gateway/settings.js';
import {
  deploymentShape,
  findFaults,
  readResources,
  settingsShape,
  validateKind,
} from '../support/deployment-files.js';
import { readPageBlocks } from '../support/page-blocks.js';

/** Idle timeout of an ALB and of common ingress controllers, in milliseconds. */
const IDLE_TIMEOUT_MS = 60_000;

/** Default of `reloadSeconds` of `openKeyRing()`, in milliseconds. The gateway does not set it. */
const RELOAD_MS = 60_000;

const blocks = await readPageBlocks(new URL('../../docs/guides/operate.md', import.meta.url));

function readBlock(name: string) {
  const lines = (blocks.get(name) ?? '').trim().split('\n');
  const variables = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  return readSettings(variables);
}

describe('the settings behind load balancers', () => {
  test.each(['operate-nginx-settings', 'operate-alb-settings'])(
    'of %s keep connections longer than the load balancer',
    (name) => {
      expect(readBlock(name).keepAliveTimeoutMs).toBeGreaterThan(IDLE_TIMEOUT_MS);
    },
  );

  test('behind nginx delay the shutdown until nginx has closed its idle connections', () => {
    const [, seconds] = /keepalive_timeout (\d+)s/.exec(blocks.get('operate-nginx') ?? '') ?? [];

    expect(readBlock('operate-nginx-settings').shutdownDelayMs).toBeGreaterThan(Number(seconds) * 1000);
  });

  test('behind nginx have the port of a gateway in nginx', () => {
    expect(blocks.get('operate-nginx')).toContain(
      `server 127.0.0.1:${readBlock('operate-nginx-settings').port} `,
    );
  });

  test('behind an ALB delay the shutdown until two health checks have failed', () => {
    expect(readBlock('operate-alb-settings').shutdownDelayMs).toBeGreaterThan(2 * 5000);
  });
});

test('the rotation of the key file is pending for two intervals of the gateway', () => {
  const { pathname } = new URL('../../', import.meta.url);
  const directory = mkdtempSync(join(tmpdir(), 'passport-jwe-rotate-'));
  const run = (command: string) =>
    execFileSync('bash', ['-euo', 'pipefail', '-c', command.replaceAll('/etc/gateway', directory)], {
      ...{ cwd: pathname, encoding: 'utf8' },
    });
  const list = 'node dist/cli/main.js keys list --keys /etc/gateway/keys.json --json';
  try {
    run('node dist/cli/main.js keys generate --keys /etc/gateway/keys.json');
    const startedAt = Date.now();
    run(blocks.get('operate-rotate') ?? 'false');
    const [, pending] = JSON.parse(run(list));

    expect(pending.state).toBe('pending');
    expect(Date.parse(pending.encrypts_from) - startedAt).toBeGreaterThan(2 * RELOAD_MS - 1000);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe('the ConfigMap', () => {
  const document: unknown = load(blocks.get('operate-kubernetes') ?? '');

  test('is valid by its schema, and has the name of the base', () => {
    const base = readResources('base/kustomization.yaml').find(([kind]) => kind === 'ConfigMap')?.[1];

    expect(findFaults(validateKind('ConfigMap'), document)).toEqual([]);
    expect(settingsShape.parse(document).metadata).toEqual({ name: settingsShape.parse(base).metadata.name });
  });

  test('fits the termination grace period of the Deployment', () => {
    const base = readResources('base/kustomization.yaml').find(([kind]) => kind === 'Deployment')?.[1];
    const { shutdownDelayMs, shutdownTimeoutMs, keepAliveTimeoutMs } = readSettings({
      ...settingsShape.parse(document).data,
    });
    const graceMs = deploymentShape.parse(base).spec.template.spec.terminationGracePeriodSeconds * 1000;

    expect(graceMs).toBeGreaterThanOrEqual(shutdownDelayMs + shutdownTimeoutMs + 5000);
    expect(keepAliveTimeoutMs).toBeGreaterThan(IDLE_TIMEOUT_MS);
  });
});
