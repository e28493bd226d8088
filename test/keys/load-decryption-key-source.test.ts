import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  createAuditTrail,
  createDecryptionKeys,
  type DecryptionKeyLocation,
  type DecryptionKeySource,
  type DecryptionKeys,
  fileKeySource,
} from 'passport-jwe';
import { decryptionKeysOf } from '../../src/keys/decryption-keys-internals.js';
import { generateOkp } from '../support/key-pairs.js';
import { type MemoryKeySource, memoryKeySource } from '../support/memory-key-source.js';
import { NOW } from '../support/tokens.js';

const jwkOf = (kid: string) => generateOkp('x25519', { kid, alg: 'ECDH-ES' }).privateJwk;
const [one, two, three] = [jwkOf('one'), jwkOf('two'), jwkOf('three')];

let now = NOW;
let source: MemoryKeySource;
let events: string[];
const opened: DecryptionKeys[] = [];

beforeEach(() => {
  now = NOW;
  events = [];
  source = memoryKeySource({ keys: [one] });
});

afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(opened.splice(0).map((keys) => keys.close()));
});

async function open(
  options: Partial<DecryptionKeySource> = {},
  ...others: readonly DecryptionKeyLocation[]
): Promise<DecryptionKeys> {
  const audit = createAuditTrail({ sinks: [{ write: ({ type }) => void events.push(type) }] });
  const keys = await createDecryptionKeys([{ source, audit, clock: () => now, ...options }, ...others]);
  opened.push(keys);
  return keys;
}

function kidsOf(keys: DecryptionKeys): readonly string[] {
  return decryptionKeysOf(keys, 'test').keys.map(({ kid }) => kid);
}

/** Wait until a change of the source is loaded. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
}

describe('a source', () => {
  test('is loaded at once, and its name is in the error', async () => {
    expect(kidsOf(await open())).toEqual(['one']);
    source.failure = new Error('connection refused');
    await expect(open()).rejects.toThrow('Key source memory cannot be loaded: connection refused');
  });

  test('is reloaded when it reports a change', async () => {
    const keys = await open();
    const before = decryptionKeysOf(keys, 'test').keys;
    source.set = { keys: [two, one] };
    source.tell();
    await settle();

    expect(kidsOf(keys)).toEqual(['two', 'one']);
    expect(decryptionKeysOf(keys, 'test').keys).not.toBe(before);
    expect(keys.exportPublicKeys().keys).toMatchObject([{ kid: 'two' }, { kid: 'one' }]);
  });

  test('is reloaded at intervals', async () => {
    jest.useFakeTimers();
    const keys = await open({ reloadSeconds: 20 });
    source.set = { keys: [two] };
    await jest.advanceTimersByTimeAsync(19_999);
    expect(kidsOf(keys)).toEqual(['one']);
    await jest.advanceTimersByTimeAsync(1);
    expect(kidsOf(keys)).toEqual(['two']);
  });

  test('keeps the same array if nothing changed', async () => {
    const keys = await open();
    const before = decryptionKeysOf(keys, 'test').keys;
    source.tell();
    await settle();

    expect(source.loads).toBe(2);
    expect(decryptionKeysOf(keys, 'test').keys).toBe(before);
  });

  test('has kid, alg, enc and notAfter of the location', async () => {
    const members = { alg: 'ECDH-ES', enc: 'A256GCM', notAfter: NOW } as const;
    const keys = await createDecryptionKeys({ source, clock: () => now, ...members });
    opened.push(keys);

    expect(decryptionKeysOf(keys, 'test').keys).toMatchObject([members]);
    expect(keys.exportPublicKeys()).toEqual({ keys: [] });
  });

  test('is not read after close()', async () => {
    const keys = await open();
    await keys.close();

    expect(source.watchers).toBe(0);
  });

  test('that hangs is given up after loadTimeoutSeconds', async () => {
    source.gate = new Promise(() => {});

    await expect(open({ loadTimeoutSeconds: 0.01 })).rejects.toThrow('did not respond within 0.01 s');
  });
});

describe('an outage', () => {
  test('keeps the last keys, and is recorded once with its end', async () => {
    const keys = await open();
    source.failure = new Error('connection refused');
    source.tell();
    await settle();
    source.tell();
    await settle();
    expect(kidsOf(keys)).toEqual(['one']);
    expect(events).toEqual(['key_source.failed']);

    source.failure = undefined;
    source.set = { keys: [two] };
    source.tell();
    await settle();
    expect(kidsOf(keys)).toEqual(['two']);
    expect(events).toEqual(['key_source.failed', 'key_source.reachable']);
  });

  test('is a set with a malformed, public or repeated key as well', async () => {
    const keys = await open();
    const { d, ...publicJwk } = two;
    for (const set of [[], [publicJwk], [two, { ...three, kid: 'two' }], [{ ...two, alg: 'none' }]]) {
      source.set = { keys: set };
      source.tell();
      await settle();
    }

    expect(kidsOf(keys)).toEqual(['one']);
    expect(events).toEqual(['key_source.failed']);
  });

  test('makes an unknown kid unavailable, and not unknown', async () => {
    const internals = decryptionKeysOf(await open(), 'test');
    source.failure = new Error('connection refused');
    now += 11;

    await expect(internals.reloadForUnknownKey()).rejects.toMatchObject({ status: 503 });
    await expect(internals.reloadForUnknownKey()).rejects.toMatchObject({ status: 503 });
    expect(source.loads).toBe(2);
  });
});

describe('an unknown kid', () => {
  test('reloads the source at most once in 10 s', async () => {
    const internals = decryptionKeysOf(await open(), 'test');
    source.set = { keys: [two, one] };
    expect(await internals.reloadForUnknownKey()).toBe(false);
    expect(source.loads).toBe(1);

    now += 10;
    expect(await internals.reloadForUnknownKey()).toBe(true);
    expect(internals.keys.map(({ kid }) => kid)).toEqual(['two', 'one']);
    expect(await internals.reloadForUnknownKey()).toBe(false);
    expect(source.loads).toBe(2);
  });

  test('shares one load among concurrent tokens', async () => {
    const internals = decryptionKeysOf(await open(), 'test');
    source.set = { keys: [two] };
    now += 10;
    const changed = await Promise.all(Array.from({ length: 20 }, () => internals.reloadForUnknownKey()));

    expect(changed.every(Boolean)).toBe(true);
    expect(source.loads).toBe(2);
  });
});

describe('a source next to other locations', () => {
  test('keeps the order of the locations', async () => {
    const keys = await open({}, { jwk: three });
    source.set = { keys: [two, one] };
    source.tell();
    await settle();

    expect(kidsOf(keys)).toEqual(['two', 'one', 'three']);
  });

  test('takes precedence in the order of the locations if a reload repeats a kid', async () => {
    const keys = await open({}, { jwk: three });
    source.set = { keys: [{ ...two, kid: 'three' }] };
    source.tell();
    await settle();
    const [key, ...others] = decryptionKeysOf(keys, 'test').keys;

    expect(others).toEqual([]);
    expect(keys.exportPublicKeys().keys).toMatchObject([{ kid: 'three', x: two['x'] }]);
    expect(key).toMatchObject({ kid: 'three' });
  });
});

describe('a file source', () => {
  test('has keys whose algorithms only trusted issuers use', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-source-'));
    const file = join(directory, 'keys.json');
    const { kid, alg, ...unnamed } = one;
    await writeFile(file, JSON.stringify({ keys: [{ ...two, alg: 'ECDH-ES+A128KW' }, unnamed] }), {
      mode: 0o600,
    });
    const keys = await createDecryptionKeys({ source: fileKeySource({ file }) });
    opened.push(keys);

    expect(decryptionKeysOf(keys, 'test').keys).toMatchObject([
      { alg: 'ECDH-ES+A128KW' },
      { type: 'agreement' },
    ]);
    await rm(directory, { recursive: true });
  });
});
