import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ConfigurationError } from '../../src/api-keys/configuration-error.js';
import { generateApiKey } from '../../src/api-keys/generate-api-key.js';
import type { WatchedApiKeys } from '../../src/api-keys/live-api-keys.js';
import { type WatchApiKeysOptions, watchApiKeys } from '../../src/api-keys/watch-api-keys.js';
import { createAuditTrail } from '../../src/audit/record.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { rejectionOf } from '../support/caught.js';
import { createKeyDirectory, type KeyDirectory, until, updateConfigMap } from '../support/key-directory.js';
import { clock, NOW } from '../support/tokens.js';

const SECRET = generateApiKey();

function keyFile(name: string, more = ''): string {
  return `api_key: ${name === 'demo' ? SECRET : generateApiKey()}\nname: ${name}\ntype: api_call\nrate_limits: {}\n${more}`;
}

const DEMO = keyFile('demo');
const BROKEN = 'name: demo\n';

let directory: KeyDirectory;
const opened: WatchedApiKeys[] = [];

beforeEach(async () => {
  directory = await createKeyDirectory({ 'demo.yaml': DEMO });
});

afterEach(async () => {
  for (const apiKeys of opened.splice(0)) apiKeys.close();
  await directory.dispose();
});

/** What the process was warned of meanwhile. */
async function warningsOf(run: () => Promise<unknown>): Promise<readonly unknown[]> {
  const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  await run();
  const warnings = emitWarning.mock.calls.map(([message]) => message);
  emitWarning.mockRestore();
  return warnings;
}

/** Unless a test says otherwise, files are read when it asks for it, and not by themselves. */
async function watch(options: Partial<WatchApiKeysOptions> = {}) {
  const { audit, records } = createAuditRecorder();
  const rejected: ConfigurationError[] = [];
  const apiKeys = await watchApiKeys({
    directory: directory.path,
    environment: {},
    audit,
    clock,
    debounceMs: 60_000,
    reloadSeconds: 86_400,
    sighup: false,
    onRejected: (error) => void rejected.push(error),
    ...options,
  });
  opened.push(apiKeys);
  return { apiKeys, rejected, events: () => records.map(({ type }) => type), records };
}

const idsOf = ({ apiKeys }: WatchedApiKeys) => apiKeys.map(({ keyId }) => keyId);

describe('at the start', () => {
  test('the keys are those of the directory', async () => {
    const { apiKeys, events } = await watch();

    expect(idsOf(apiKeys)).toEqual(['demo']);
    expect(apiKeys.get('demo')).toBe(apiKeys.authenticate({ secret: SECRET }, NOW));
    expect(apiKeys.state).toEqual({ loadedAt: NOW, unpublished: [] });
    expect(apiKeys.warnings).toEqual([]);
    expect(events()).toEqual(['api_keys.loaded']);
  });

  test('an invalid file prevents the start', async () => {
    await directory.put('other.yaml', BROKEN);

    expect(await rejectionOf(watch())).toBeInstanceOf(ConfigurationError);
  });

  test.each([
    [{ debounceMs: -1 }, 'debounceMs'],
    [{ debounceMs: Number.NaN }, 'debounceMs'],
    [{ reloadSeconds: 0 }, 'reloadSeconds'],
    [{ reloadSeconds: 86_401 }, 'reloadSeconds'],
  ])('%j is rejected', async (options, name) => {
    await expect(watch(options)).rejects.toThrow(TypeError);
    await expect(watch(options)).rejects.toThrow(name);
  });
});

describe('a reload', () => {
  test('replaces the whole set atomically', async () => {
    const { apiKeys } = await watch();
    const before = apiKeys.apiKeys;
    await directory.put('other.yaml', keyFile('other'));
    await directory.remove('demo.yaml');
    const seen: unknown[] = [];
    apiKeys.onChange(() => seen.push(idsOf(apiKeys), apiKeys.get('demo'), apiKeys.get('other')?.name));
    await apiKeys.reload();

    expect(seen).toEqual([['other'], undefined, 'other']);
    expect(before.map(({ keyId }) => keyId)).toEqual(['demo']);
    expect(() => apiKeys.authenticate({ secret: SECRET }, NOW)).toThrow('Client authentication failed');
  });

  test('is recorded and reported to listeners if something changed', async () => {
    let changes = 0;
    const { apiKeys, events } = await watch();
    apiKeys.onChange(() => {
      changes += 1;
    });
    await apiKeys.reload();
    await directory.put('demo.yaml', `# Another comment\n${DEMO}`);
    await apiKeys.reload();
    await directory.put('demo.yaml', `${DEMO}token_ttl: 60\n`);
    await apiKeys.reload();

    expect(apiKeys.get('demo')?.tokenTtlSeconds).toBe(60);
    expect(changes).toBe(1);
    expect(events()).toEqual(['api_keys.loaded', 'api_keys.loaded']);
  });

  test('sees variables that have another value by now', async () => {
    const environment: Record<string, string> = { TTL: '60' };
    await directory.put('demo.yaml', `${DEMO}token_ttl: \${TTL}\n`);
    const { apiKeys } = await watch({ environment });
    environment['TTL'] = '90';
    await apiKeys.reload();

    expect(apiKeys.get('demo')?.tokenTtlSeconds).toBe(90);
  });

  test('that is asked for while another one runs sees what was written until then', async () => {
    const { apiKeys } = await watch();
    const first = apiKeys.reload();
    await directory.put('other.yaml', keyFile('other'));
    const [second, third] = [apiKeys.reload(), apiKeys.reload()];
    await Promise.all([first, second, third]);

    expect(second).toBe(third);
    expect(idsOf(apiKeys)).toEqual(['demo', 'other']);
  });

  test('lists the keys that are easy to guess', async () => {
    const { apiKeys, records } = await watch();
    await directory.put('weak.yaml', 'api_key: k-1\nname: weak\ntype: api_call\nrate_limits: {}\n');
    await apiKeys.reload();

    expect(apiKeys.warnings).toMatchObject([{ path: 'api_key' }]);
    expect(records.at(-1)).toMatchObject({ type: 'api_keys.weak', keyIds: ['weak'] });
  });

  test('survives a listener that throws, and calls the others', async () => {
    let told = 0;
    const { apiKeys } = await watch();
    apiKeys.onChange(() => {
      throw new Error('no');
    });
    const end = apiKeys.onChange(() => {
      told += 1;
    });
    await directory.put('other.yaml', keyFile('other'));
    const warnings = await warningsOf(() => apiKeys.reload());
    end();
    await directory.put('third.yaml', keyFile('third'));
    await warningsOf(() => apiKeys.reload());

    expect(warnings).toEqual(['An onChange listener of watchApiKeys() threw or rejected (Error)']);
    expect(idsOf(apiKeys)).toEqual(['demo', 'other', 'third']);
    expect(told).toBe(1);
  });

  test('survives listeners of changes and of rejected files whose promises reject', async () => {
    const fail = () => Promise.reject(new RangeError('no'));
    const { apiKeys } = await watch({ onRejected: fail });
    apiKeys.onChange(fail);
    await directory.put('other.yaml', keyFile('other'));
    const ofChange = await warningsOf(() => apiKeys.reload());
    await directory.put('broken.yaml', 'api_keys: 7');
    const ofRejection = await warningsOf(() => apiKeys.reload().catch(() => {}));

    expect([...ofChange, ...ofRejection]).toEqual([
      'An onChange listener of watchApiKeys() threw or rejected (RangeError)',
      'The onRejected callback of watchApiKeys() threw or rejected (RangeError)',
    ]);
  });
});

test('a hanging audit sink does not delay the removal of a key', async () => {
  let isHanging = false;
  const write = (): Promise<void> => (isHanging ? new Promise(() => {}) : Promise.resolve());
  const { apiKeys } = await watch({ audit: createAuditTrail({ sinks: [{ write }] }) });
  isHanging = true;
  await directory.put('demo.yaml', BROKEN);
  await rejectionOf(apiKeys.reload());
  await directory.put('demo.yaml', `${DEMO}active: false\n`);
  await apiKeys.reload();

  expect(apiKeys.get('demo')?.active).toBe(false);
});

describe('invalid files', () => {
  test('keep the last valid set in use, and are reported in full', async () => {
    const { apiKeys, rejected, records } = await watch();
    await directory.put('other.yaml', BROKEN);
    const error = await rejectionOf(apiKeys.reload());

    expect(error).toBeInstanceOf(ConfigurationError);
    expect(idsOf(apiKeys)).toEqual(['demo']);
    expect(rejected).toEqual([error]);
    expect(rejected[0]?.problems.map(({ path }) => path)).toEqual(['api_key', 'type', 'rate_limits']);
    expect(apiKeys.state).toEqual({ loadedAt: NOW, error, unpublished: [] });
    expect(records.at(-1)).toMatchObject({
      type: 'api_keys.rejected',
      problemCount: 3,
      files: [join(directory.path, 'other.yaml')],
    });
  });

  test('are reported once, however often they are read', async () => {
    const { apiKeys, rejected, events } = await watch();
    await directory.put('other.yaml', BROKEN);
    const errors = [];
    for (let time = 0; time < 3; time += 1) errors.push(await rejectionOf(apiKeys.reload()));

    expect(new Set(errors).size).toBe(1);
    expect(rejected).toHaveLength(1);
    expect(events()).toEqual(['api_keys.loaded', 'api_keys.rejected']);
  });

  test('are reported again if they changed and are still invalid', async () => {
    const { apiKeys, rejected } = await watch();
    for (const content of [BROKEN, `${BROKEN}# Tried again\n`, BROKEN]) {
      await directory.put('other.yaml', content);
      await rejectionOf(apiKeys.reload());
    }

    expect(rejected).toHaveLength(3);
  });

  test('are recorded as resolved once they are fixed', async () => {
    let changes = 0;
    const { apiKeys, rejected, events } = await watch();
    apiKeys.onChange(() => {
      changes += 1;
    });
    await directory.put('other.yaml', BROKEN);
    await rejectionOf(apiKeys.reload());
    await directory.remove('other.yaml');
    await apiKeys.reload();
    await directory.put('other.yaml', BROKEN);
    await rejectionOf(apiKeys.reload());

    expect(changes).toBe(0);
    expect(rejected).toHaveLength(2);
    expect(events()).toEqual([
      'api_keys.loaded',
      'api_keys.rejected',
      'api_keys.loaded',
      'api_keys.rejected',
    ]);
  });

  test('may be a directory that is gone', async () => {
    const { apiKeys } = await watch();
    await directory.dispose();
    await rejectionOf(apiKeys.reload());

    expect(idsOf(apiKeys)).toEqual(['demo']);
    expect(apiKeys.state.error?.message).toBe(`${directory.path}:1:1: cannot be read (ENOENT)`);
  });

  test('change nothing even if onRejected throws', async () => {
    const { apiKeys } = await watch({
      onRejected: () => {
        throw new Error('no');
      },
    });
    await directory.put('other.yaml', BROKEN);
    const warnings = await warningsOf(async () => {
      expect(await rejectionOf(apiKeys.reload())).toBeInstanceOf(ConfigurationError);
    });

    expect(warnings).toHaveLength(1);
  });
});

describe('a rule', () => {
  const withoutUsers: Parameters<WatchedApiKeys['addRule']>[0] = (keys) =>
    keys
      .filter(({ users }) => users)
      .map(({ keyId }) => ({ keyId, path: ['users'], message: 'must be off here' }));

  test('rejects a set that violates it, and is reported at its position', async () => {
    const { apiKeys, rejected } = await watch();
    apiKeys.addRule(withoutUsers);
    await directory.put('other.yaml', keyFile('other', 'users: true\n'));
    await rejectionOf(apiKeys.reload());

    expect(idsOf(apiKeys)).toEqual(['demo']);
    expect(rejected[0]?.message).toBe(`${join(directory.path, 'other.yaml')}:5:1 users: must be off here`);
  });

  test('whose fault names no key of the set keeps it out all the same', async () => {
    const { apiKeys } = await watch();
    apiKeys.addRule(() => [{ keyId: 'nobody', path: [], message: 'is missing' }]);

    expect(await rejectionOf(apiKeys.reload())).toMatchObject({
      problems: [{ file: directory.path, message: 'is missing' }],
    });
  });
});

describe('by itself', () => {
  test('it follows a ConfigMap, swap by swap', async () => {
    await directory.remove('demo.yaml');
    await updateConfigMap(directory.path, 1, { 'demo.yaml': DEMO });
    const { apiKeys, events } = await watch({ debounceMs: 5 });
    for (const version of [2, 3, 4]) {
      const content = `${DEMO}token_ttl: ${version}00\n`;
      await updateConfigMap(directory.path, version, { 'demo.yaml': content });
      await until(() => apiKeys.get('demo')?.tokenTtlSeconds === version * 100);
    }

    expect(events()).not.toContain('api_keys.rejected');
  });

  test('it sees a swap of the whole directory', async () => {
    const { apiKeys } = await watch({ debounceMs: 5 });
    await directory.swap({ 'other.yaml': keyFile('other') });
    await until(() => idsOf(apiKeys).includes('other'));
    await directory.put('third.yaml', keyFile('third'));
    await until(() => idsOf(apiKeys).includes('third'));

    expect(idsOf(apiKeys)).toEqual(['other', 'third']);
  });

  test('polling detects a change of a link target outside the directory', async () => {
    const target = `${directory.path}.yaml`;
    await writeFile(target, keyFile('other'));
    await directory.remove('demo.yaml');
    await symlink(join('..', basename(target)), join(directory.path, 'other.yaml'));
    const { apiKeys } = await watch({ reloadSeconds: 0.02 });
    await writeFile(target, keyFile('third'));
    await until(() => idsOf(apiKeys).includes('third'));

    expect(idsOf(apiKeys)).toEqual(['third']);
  });

  test('it warns once about a directory that cannot be watched, with the poll interval', async () => {
    const loop = `${directory.path}.loop`;
    const warnings = await warningsOf(async () => {
      const { rejected } = await watch({ debounceMs: 1, reloadSeconds: 0.05 });
      await symlink(directory.path, loop);
      await rename(directory.path, `${directory.path}.gone`);
      await rename(loop, directory.path);
      await until(() => rejected.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 200));
    });

    const message = `${directory.path} cannot be watched (ELOOP); it is polled every 0.05 s`;
    expect(warnings.filter((warning) => warning === message)).toHaveLength(1);
  });

  test('it reports a broken file once, however often it looks', async () => {
    const { apiKeys, rejected } = await watch({ debounceMs: 1, reloadSeconds: 0.01 });
    await directory.put('other.yaml', BROKEN);
    await until(() => rejected.length > 0);
    for (let time = 0; time < 20; time += 1) {
      await mkdir(join(directory.path, `..folder-${time}`));
      await rejectionOf(apiKeys.reload());
    }

    expect(rejected).toHaveLength(1);
    expect(idsOf(apiKeys)).toEqual(['demo']);
  });

  test('it sees nothing more once it is closed, but can be asked', async () => {
    const { apiKeys } = await watch({ debounceMs: 1, reloadSeconds: 0.01 });
    apiKeys.close();
    await directory.put('other.yaml', keyFile('other'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(idsOf(apiKeys)).toEqual(['demo']);
    await apiKeys.reload();
    expect(idsOf(apiKeys)).toEqual(['demo', 'other']);
  });
});
