import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  createAuditTrail,
  createKeyRing,
  generateKeySet,
  type OpenKeyRingOptions,
  openKeyRing,
  type RotatingKeyRing,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { rejectionOf } from '../support/caught.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { generateRecipient } from '../support/key-pairs.js';
import { type MemoryKeySource, memoryKeySource } from '../support/memory-key-source.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const DAY = 86_400;
const TIMES = { reloadSeconds: 60, pendingSeconds: 300, maxTokenLifetimeSeconds: 30 * DAY };
/** How long a version is kept: reloads and clocks that differ come on top. */
const RETAINED = 30 * DAY + 60 + 120;

let now = NOW;
let source: MemoryKeySource;
let records: AuditRecord[];
const rings: RotatingKeyRing[] = [];

beforeEach(() => {
  now = NOW;
  source = memoryKeySource(generateKeySet(NOW));
  records = [];
});

afterEach(async () => {
  jest.useRealTimers();
  await Promise.all(rings.splice(0).map((ring) => ring.close()));
});

async function openRing(options: Partial<OpenKeyRingOptions> = {}): Promise<RotatingKeyRing> {
  const clock = (): number => now;
  const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
  const ring = await openKeyRing({ source, ...TIMES, audit, clock, ...options });
  rings.push(ring);
  return ring;
}

function serviceOf(keyRing: RotatingKeyRing) {
  const service = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock: () => now };
  return createIssuerAndVerifier({ ...service, maxTokenLifetimeSeconds: 30 * DAY });
}

function issue(keyRing: RotatingKeyRing, lifetime = 30 * DAY): Promise<string> {
  const request = { type: 'service', subject: 's', clientId: 's', audience: AUDIENCE, scope: [] } as const;
  return serviceOf(keyRing)
    .issue({ ...request, lifetime, claims: {} })
    .then(({ token }) => token);
}

const kidsOf = ({ versions }: RotatingKeyRing) => versions.map(({ state }) => state);
const typesOf = () => records.map(({ type }) => type);
const sourceRecords = () => records.filter(({ type }) => type.startsWith('key_source.'));

test('opening a ring is recorded in the audit log', async () => {
  const { current } = await openRing();

  expect(records).toMatchObject([{ type: 'key_ring.created', current, previous: [] }]);
});

describe('rotate', () => {
  test('adds a version that is pending, and encrypts nothing yet', async () => {
    const ring = await openRing();
    const before = ring.current;
    await ring.rotate();

    expect(kidsOf(ring)).toEqual(['current', 'pending']);
    expect(ring.current).toBe(before);
    expect(ring.versions[1]).toMatchObject({ notBefore: NOW + 300 });
  });

  test('makes it current once it was pending for long enough, with no further step', async () => {
    const ring = await openRing();
    await ring.rotate();
    now = NOW + 299;
    const before = internalsOf(ring).encryptionKey('access', AUDIENCE).kid;
    now = NOW + 300;

    expect(kidsOf(ring)).toEqual(['retiring', 'current']);
    expect(internalsOf(ring).encryptionKey('access', AUDIENCE).kid).not.toBe(before);
  });

  test('lets the old version decrypt until no token of its can live any more', async () => {
    const ring = await openRing();
    await ring.rotate();
    now = NOW + 299;
    const token = await issue(ring);
    now = NOW + 299 + 30 * DAY - 1;

    expect((await serviceOf(ring).verify(token)).type).toBe('service');
    expect(ring.versions[0]).toEqual({
      kid: expect.any(String),
      state: 'retiring',
      notBefore: NOW,
      notAfter: NOW + 300 + RETAINED,
    });
    now = NOW + 300 + RETAINED;
    expect(kidsOf(ring)).toEqual(['retired', 'current']);
  });

  test('adds nothing while a rotation is in progress, in any process', async () => {
    const [ring, other] = [await openRing(), await openRing()];
    await ring.rotate();
    await other.rotate();

    expect(kidsOf(other)).toEqual(['current', 'pending']);
    expect(typesOf().filter((type) => type === 'key_ring.rotated')).toHaveLength(1);
  });

  test('adds one version if two instances rotate at the same time', async () => {
    const [ring, other] = [await openRing(), await openRing()];
    await Promise.all([ring.rotate(), other.rotate()]);

    expect(source.set.keys).toHaveLength(2);
  });

  test('loses nothing that another instance wrote in between', async () => {
    const ring = await openRing();
    const added = { ...generateKeySet(NOW - 1).keys[0], exp: NOW + 9 };
    source.beforeReplace = () => {
      source.beforeReplace = () => undefined;
      source.set = { keys: [...source.set.keys, added] };
    };
    await ring.rotate();

    expect(source.set.keys).toHaveLength(3);
    expect(source.set.keys).toContainEqual(added);
  });

  test('leaves out what is retired', async () => {
    const ring = await openRing();
    await ring.rotate();
    now = NOW + 300 + RETAINED;
    await ring.rotate();

    expect(source.set.keys).toHaveLength(2);
    expect(kidsOf(ring)).toEqual(['current', 'pending']);
  });

  test('is recorded in the audit log, without a secret', async () => {
    const ring = await openRing();
    await ring.rotate();

    expect(records.at(-1)).toMatchObject({
      type: 'key_ring.rotated',
      current: ring.versions[0]?.kid,
      next: ring.versions[1]?.kid,
    });
    for (const { k } of source.set.keys) expect(JSON.stringify(records)).not.toContain(k);
  });

  test('is rejected if the source is read-only', async () => {
    const { replace: _, ...readOnly } = memoryKeySource(generateKeySet(NOW));

    await expect((await openRing({ source: readOnly })).rotate()).rejects.toEqual(
      new TypeError('Key source memory is read-only: rotate and retire keys in the system that writes them'),
    );
  });

  test('is an outage if the source cannot be written, and changes nothing', async () => {
    const ring = await openRing();
    const failure = new Error('disk full');
    source.replace = () => Promise.reject(failure);

    await expect(ring.rotate()).rejects.toMatchObject({ status: 503, cause: failure });
    expect(kidsOf(ring)).toEqual(['current']);
    expect(typesOf()).toEqual(['key_ring.created']);
  });

  test('is an outage if other processes change the source ten times meanwhile', async () => {
    const ring = await openRing();
    let attempts = 0;
    source.replace = async () => {
      attempts += 1;
      return false;
    };

    await expect(ring.rotate()).rejects.toMatchObject({
      status: 503,
      cause: { message: 'Key source memory changed during 10 updates: stop other programs that write it' },
    });
    expect(attempts).toBe(10);
  });

  test('is an outage if the source is unavailable, and changes nothing', async () => {
    const ring = await openRing();
    source.failure = new Error('gone');

    await expect(ring.rotate()).rejects.toMatchObject({ status: 503 });
    expect(source.set.keys).toHaveLength(1);
  });
});

describe('instances that reload at different moments', () => {
  test("read each other's tokens throughout a rotation", async () => {
    const [ring, other] = [await openRing(), await openRing()];
    const tokens: string[] = [];
    for (const step of [0, 60, 240, 299, 300, 301, 400]) {
      now = NOW + step;
      if (step === 0) await ring.rotate();
      if (step === 240) await other.reload();
      tokens.push(await issue(ring), await issue(other));
      for (const token of tokens) {
        await serviceOf(ring).verify(token);
        await serviceOf(other).verify(token);
      }
    }
    expect(tokens).toHaveLength(14);
  });

  test('reload once for a token whose key is not known', async () => {
    const [ring, other] = [await openRing(), await openRing()];
    await ring.rotate();
    now = NOW + 301;
    const token = await issue(ring);
    const before = source.loads;

    expect((await serviceOf(other).verify(token)).type).toBe('service');
    expect(source.loads).toBe(before + 1);
  });

  test('wait, for a token whose key is not known, for a load that is under way', async () => {
    const [ring, other] = [await openRing(), await openRing()];
    await ring.rotate();
    now = NOW + 301;
    const token = await issue(ring);
    let open = (): void => undefined;
    source.gate = new Promise((resolve) => {
      open = resolve;
    });
    const loading = other.reload();
    const before = source.loads;
    const verifying = serviceOf(other).verify(token);
    open();
    await loading;

    expect((await verifying).type).toBe('service');
    expect(source.loads).toBe(before);
  });
});

describe('a ring that has reloaded', () => {
  test('opens at once what is for the same audiences as before', async () => {
    const [ring, other] = [await openRing(), await openRing()];
    internalsOf(ring).prepare('refresh', ISSUER);
    ring.exportAccessKeys(AUDIENCE);
    await other.rotate();
    now = NOW + 301;
    const kids = [
      internalsOf(other).encryptionKey('refresh', ISSUER).kid,
      internalsOf(other).encryptionKey('access', AUDIENCE).kid,
    ];
    await ring.reload();

    expect(kids.map((kid) => internalsOf(ring).decryptionKey(kid)?.kid)).toEqual(kids);
    expect(ring.previous).toEqual(other.previous);
    expect(ring.previous).toHaveLength(1);
  });

  test('returns whether the keys changed', async () => {
    const [ring, other] = [await openRing(), await openRing()];
    now = NOW + 20;
    expect(await internalsOf(ring).reloadForUnknownKey()).toBe(false);
    await other.rotate();
    now = NOW + 40;
    expect(await internalsOf(ring).reloadForUnknownKey()).toBe(true);
  });

  test('calls listeners until they are removed', async () => {
    const ring = await openRing();
    let changes = 0;
    const end = ring.onChange(() => {
      changes += 1;
    });
    await ring.rotate();
    await ring.reload();
    expect(changes).toBe(1);
    end();
    await ring.retire(ring.versions[1]?.kid ?? '');
    expect(changes).toBe(1);
  });
});

describe.each([
  [
    'throws',
    () => {
      throw new Error('secret');
    },
  ],
  ['rejects', () => Promise.reject(new RangeError('secret'))],
])('a listener that %s', (_what, failing) => {
  let emitWarning: jest.SpiedFunction<typeof process.emitWarning>;

  beforeEach(() => {
    emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  });

  afterEach(() => emitWarning.mockRestore());

  test('leaves rotate() and retire() resolved, with their audit events', async () => {
    const ring = await openRing();
    ring.onChange(failing);
    records = [];
    await ring.rotate();
    await ring.retire(ring.versions[1]?.kid ?? '');

    expect(kidsOf(ring)).toEqual(['current', 'retired']);
    expect(typesOf()).toEqual([
      'key_ring.changed',
      'key_ring.rotated',
      'key_ring.changed',
      'key_ring.retired',
    ]);
  });

  test('is reported without its message, and the others are called', async () => {
    const ring = await openRing();
    const listener = jest.fn();
    ring.onChange(failing);
    ring.onChange(listener);
    await ring.rotate();

    expect(listener).toHaveBeenCalledTimes(1);
    expect(emitWarning.mock.calls).toEqual([
      [
        expect.stringMatching(/^A listener passed to keyRing\.onChange\(\) failed \((Range)?Error\)$/),
        { code: 'PASSPORT_JWE_KEY_RING' },
      ],
    ]);
  });
});

test('a ring of a key pair publishes its public half, and asks for signatures', async () => {
  const { privateJwk, publicJwk } = generateRecipient('ECDH-ES', { kid: 'pair' });
  const ring = await openRing({ source: memoryKeySource({ keys: [{ ...privateJwk, iat: NOW }] }) });

  expect(ring.exportPublicKeys().keys).toMatchObject([{ kid: 'pair', x: publicJwk['x'] }]);
  expect(internalsOf(ring).needsSignature(AUDIENCE)).toBe(true);
  expect(internalsOf(await openRing()).needsSignature(AUDIENCE)).toBe(false);
});

describe('a flood of unknown keys', () => {
  test('makes the source be asked once in ten seconds', async () => {
    const ring = await openRing();
    const service = serviceOf(ring);
    const strange = mintToken(await createRing(7));
    now = NOW + 20;
    const before = source.loads;
    const verdicts = await Promise.all(
      Array.from({ length: 200 }, () => rejectionOf(service.verify(strange))),
    );
    now = NOW + 29;
    await rejectionOf(service.verify(strange));

    expect(source.loads).toBe(before + 1);
    expect(verdicts.every((error) => untyped({ error }).error.status === 401)).toBe(true);
    now = NOW + 30;
    await rejectionOf(service.verify(strange));
    expect(source.loads).toBe(before + 2);
  });
});

describe('a source that becomes unavailable', () => {
  test('at start is an error that names it', async () => {
    source.failure = new Error('connect ECONNREFUSED');

    await expect(openRing()).rejects.toEqual(
      new Error('Key source memory cannot be loaded: connect ECONNREFUSED'),
    );
    await expect(openRing()).rejects.toMatchObject({ cause: source.failure });
  });

  test('that hangs at start is an error too', async () => {
    source.gate = new Promise(() => undefined);

    await expect(openRing({ loadTimeoutSeconds: 0.01 })).rejects.toThrow('did not respond within 0.01 s');
  });

  test('for a moment at start is waited for', async () => {
    source.gate = new Promise((resolve) => void setTimeout(resolve, 30));

    expect((await openRing()).versions).toHaveLength(1);
  });

  test.each([
    [
      'away',
      (broken: MemoryKeySource) => Object.assign(broken, { failure: new Error('gone') }),
      'unreachable',
    ],
    ['empty', (broken: MemoryKeySource) => Object.assign(broken, { set: { keys: [] } }), 'malformed'],
    [
      'with one key twice',
      (broken: MemoryKeySource) =>
        Object.assign(broken, { set: { keys: [...broken.set.keys, ...broken.set.keys] } }),
      'malformed',
    ],
    ['with no keys', (broken: MemoryKeySource) => Object.assign(broken, { set: untyped({}) }), 'malformed'],
    [
      'with an end of all keys',
      (broken: MemoryKeySource) =>
        Object.assign(broken, { set: { keys: broken.set.keys.map((key) => ({ ...key, exp: NOW + DAY })) } }),
      'malformed',
    ],
  ])(
    'later, or is %s, keeps the last valid versions in use, with one event',
    async (_name, spoil, reason) => {
      const ring = await openRing();
      const token = await issue(ring);
      const set = source.set;
      spoil(source);
      const failed = { type: 'key_source.failed', source: 'memory', reason };
      for (const _ of [1, 2]) {
        await expect(ring.reload()).rejects.toMatchObject({ status: 503, cause: expect.anything() });
        expect(sourceRecords()).toMatchObject([failed]);
      }

      expect((await serviceOf(ring).verify(token)).type).toBe('service');
      expect(await issue(ring)).not.toBe(token);
      Object.assign(source, { set, failure: undefined });
      for (const _ of [1, 2]) await ring.reload();
      expect(sourceRecords()).toMatchObject([failed, { type: 'key_source.reachable', source: 'memory' }]);
      spoil(source);
      await rejectionOf(ring.reload());
      expect(sourceRecords().at(-1)).toMatchObject(failed);
    },
  );

  test('records no event otherwise', async () => {
    const ring = await openRing();
    await ring.reload();

    expect(sourceRecords()).toEqual([]);
  });

  test('never turns an unknown key into a verdict: that is 503', async () => {
    const ring = await openRing();
    const strange = mintToken(await createRing(7));
    source.failure = new Error('gone');
    now = NOW + 20;

    for (const message of [
      'gone',
      'Key source memory is unavailable: see the audit event key_source.failed',
    ]) {
      await expect(serviceOf(ring).verify(strange)).rejects.toMatchObject({
        status: 503,
        cause: { message },
      });
    }
    expect(source.loads).toBe(2);
  });
});

describe('retire', () => {
  test('ends a version at once', async () => {
    const ring = await openRing();
    const token = await issue(ring, 3600);
    await ring.rotate();
    now = NOW + 301;
    await ring.retire(ring.versions[0]?.kid ?? '');

    await expect(serviceOf(ring).verify(token)).rejects.toMatchObject({ reason: 'expired_key' });
    expect(records.at(-1)).toMatchObject({ type: 'key_ring.retired', kid: ring.versions[0]?.kid });
  });

  test('ends an old version while a rotation is under way', async () => {
    const ring = await openRing();
    await ring.rotate();
    now = NOW + 301;
    await ring.rotate();
    await ring.retire(ring.versions[0]?.kid ?? '');

    expect(kidsOf(ring)).toEqual(['retired', 'current', 'pending']);
  });

  test('cancels a rotation if it retires the pending version: the current one no longer expires', async () => {
    const ring = await openRing();
    await ring.rotate();
    await ring.retire(ring.versions[1]?.kid ?? '');
    now = NOW + 301;

    expect(kidsOf(ring)).toEqual(['current', 'retired']);
    expect(ring.versions[0]).not.toHaveProperty('notAfter');
    await ring.rotate();
    expect(kidsOf(ring)).toEqual(['current', 'pending']);
  });

  test('is rejected for the current version and for an unknown one', async () => {
    const ring = await openRing();

    await expect(ring.retire(ring.current)).rejects.toThrow('rotate first');
    await expect(ring.retire('nobody')).rejects.toThrow(TypeError);
    expect(kidsOf(ring)).toEqual(['current']);
  });
});

describe('an exported ring', () => {
  test('is kept current: a pending version is in it before that encrypts', async () => {
    const issuerRing = await openRing();
    const exported = memoryKeySource(issuerRing.exportAccessKeys(AUDIENCE));
    const reports = await openRing({ source: exported });
    issuerRing.onChange(() => {
      exported.set = issuerRing.exportAccessKeys(AUDIENCE);
    });
    await issuerRing.rotate();
    await reports.reload();
    now = NOW + 301;

    expect((await serviceOf(reports).verify(await issue(issuerRing))).type).toBe('service');
  });

  test('opens nothing of another audience, and no refresh token', async () => {
    const issuerRing = await openRing();
    await issuerRing.rotate();
    const exported = issuerRing.exportAccessKeys('https://other.example.com');
    const other = await openRing({ source: memoryKeySource(exported) });
    const kids = [
      internalsOf(issuerRing).encryptionKey('access', AUDIENCE).kid,
      internalsOf(issuerRing).encryptionKey('refresh', ISSUER).kid,
    ];

    for (const kid of kids) expect(internalsOf(other).decryptionKey(kid)).toBeUndefined();
    expect(exported.keys).toHaveLength(2);
  });
});

describe('the scheduler', () => {
  const untilTrue = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const fast = { reloadSeconds: 0.002, pendingSeconds: 300, rotateEverySeconds: 7 * DAY };

  test('rotates when the current version is old enough, once', async () => {
    const ring = await openRing(fast);
    now = NOW + 7 * DAY - 1;
    const before = source.loads;
    await untilTrue(() => source.loads > before + 3);
    expect(source.set.keys).toHaveLength(1);
    now = NOW + 7 * DAY;
    await untilTrue(() => source.set.keys.length > 1);
    const after = source.loads;
    await untilTrue(() => source.loads > after + 3);

    expect(kidsOf(ring)).toEqual(['current', 'pending']);
  });

  test('warns once while the rotated versions cannot be written', async () => {
    const emitWarning = jest.spyOn(process, 'emitWarning').mockReturnValue();
    let attempts = 0;
    const readOnly: MemoryKeySource = {
      ...source,
      async replace() {
        attempts += 1;
        throw new Error('EROFS');
      },
    };
    await openRing({ ...fast, source: readOnly });
    now = NOW + 7 * DAY;
    await untilTrue(() => attempts > 3);

    expect(emitWarning.mock.calls).toEqual([
      [expect.stringMatching(/^Automatic rotation of a key ring failed/), { code: 'PASSPORT_JWE_KEY_RING' }],
    ]);
    emitWarning.mockRestore();
  });

  test('attempts one rotation at a time, however slow the source is', async () => {
    let running = 0;
    let most = 0;
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow: MemoryKeySource = {
      ...source,
      async replace(previous, next) {
        running += 1;
        most = Math.max(most, running);
        await gate;
        running -= 1;
        return source.replace(previous, next);
      },
    };
    await openRing({ ...fast, source: slow });
    now = NOW + 7 * DAY;
    await untilTrue(() => running === 1);
    for (let round = 0; round < 20; round += 1) {
      source.tell();
      await new Promise((resolve) => setImmediate(resolve));
    }
    release();
    await untilTrue(() => source.set.keys.length === 2 && running === 0);

    expect(most).toBe(1);
  });

  test('depends on the age of the current version, not of older ones', async () => {
    const ring = await openRing(fast);
    await ring.rotate();
    now = NOW + 300 + 7 * DAY - 1;
    const before = source.loads;
    await untilTrue(() => source.loads > before + 3);
    expect(kidsOf(ring)).toEqual(['retiring', 'current']);
    now = NOW + 300 + 7 * DAY;
    await untilTrue(() => source.set.keys.length > 2);
  });

  test('loads again at intervals, from a source that cannot tell of changes too', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setTimeout', 'clearTimeout', 'setImmediate'] });
    const { watch: _, ...silent } = memoryKeySource(source.set);
    let loads = 0;
    const load = () => {
      loads += 1;
      return silent.load();
    };
    const ring = await openRing({ source: { ...silent, load } });
    for (const [elapsedMs, expected] of [
      [59_999, 1],
      [1, 2],
      [60_000, 3],
    ] as const) {
      jest.advanceTimersByTime(elapsedMs);
      expect(loads).toBe(expected);
      await new Promise((resolve) => void setImmediate(resolve));
    }
    await ring.close();
    jest.advanceTimersByTime(60_000);

    expect(loads).toBe(3);
  });

  test('reloads when the source reports a change', async () => {
    const ring = await openRing();
    source.set = { keys: [...source.set.keys, { ...generateKeySet(NOW).keys[0], exp: NOW + 9 }] };
    source.tell();
    await untilTrue(() => ring.versions.length === 2);

    expect(typesOf().at(-1)).toBe('key_ring.changed');
  });

  test('ends with the ring', async () => {
    const ring = await openRing(fast);
    await ring.close();
    const before = source.loads;
    await new Promise((resolve) => setTimeout(resolve, 20));

    expect(source.loads).toBe(before);
    expect(source.watchers).toBe(0);
  });
});

describe('options', () => {
  test.each<[string, object, string]>([
    [
      'an invalid source',
      { source: {} },
      'openKeyRing: source must be a KeySource, for example fileKeySource({ file: "keys.json" })',
    ],
    [
      'no reload interval',
      { reloadSeconds: 0 },
      'openKeyRing: reloadSeconds must be a positive number, for example 60',
    ],
    [
      'a reload interval that is not a number',
      { reloadSeconds: '60' },
      'openKeyRing: reloadSeconds must be a positive number, for example 60',
    ],
    [
      'no pending time',
      { pendingSeconds: 0 },
      'openKeyRing: pendingSeconds must be a positive number, for example 300',
    ],
    [
      'no lifetime',
      { maxTokenLifetimeSeconds: 0 },
      'openKeyRing: maxTokenLifetimeSeconds must be a positive number, for example 7776000',
    ],
    [
      'a timeout that is not a number',
      { loadTimeoutSeconds: null },
      'openKeyRing: loadTimeoutSeconds must be a positive number, for example 5',
    ],
    [
      'no rotation interval',
      { rotateEverySeconds: 0 },
      'openKeyRing: rotateEverySeconds must be a positive number, for example 7776000',
    ],
    [
      'a pending time of less than two reloads',
      { reloadSeconds: 60, pendingSeconds: 119 },
      'openKeyRing: pendingSeconds must be at least twice reloadSeconds: raise it, or lower reloadSeconds',
    ],
    [
      'a rotation interval of pendingSeconds',
      { rotateEverySeconds: 300 },
      'openKeyRing: rotateEverySeconds must be greater than pendingSeconds, for example 604800 (7 days)',
    ],
    [
      'an unknown option',
      { interval: 1 },
      'openKeyRing: unknown option interval; expected one of: source, environment, enc, reloadSeconds, pendingSeconds, maxTokenLifetimeSeconds, rotateEverySeconds, usage, loadTimeoutSeconds, audit, clock',
    ],
    [
      'an invalid audit trail',
      { audit: {} },
      'openKeyRing: audit must be an AuditTrail: pass the result of createAuditTrail({ sinks })',
    ],
    [
      'usage without stores',
      { usage: {} },
      'openKeyRing: usage.stores.counters is required: pass the stores of a driver, for example { stores: createMemoryStores() }',
    ],
  ])('rejects %s', async (_name, options, message) => {
    await expect(openRing(untyped(options))).rejects.toEqual(new TypeError(message));
  });

  test('rejects an infinite wait', async () => {
    await expect(openRing({ loadTimeoutSeconds: Number.POSITIVE_INFINITY })).rejects.toEqual(
      new TypeError('openKeyRing: loadTimeoutSeconds must be a positive number, for example 5'),
    );
  });

  test('rejects an empty environment', async () => {
    await expect(openRing({ environment: '' })).rejects.toThrow(TypeError);
  });

  test.each([
    [60, 300],
    [200, 600],
  ])('with a reload every %d s, leaves a version pending for %d s', async (reloadSeconds, expected) => {
    const ring = await openKeyRing({ source, reloadSeconds, clock: () => now });
    rings.push(ring);
    await ring.rotate();

    expect(ring.versions[1]?.notBefore).toBe(NOW + expected);
  });

  test('accepts pendingSeconds of two reloads, and a rotation interval just above it', async () => {
    const ring = await openRing({ reloadSeconds: 60, pendingSeconds: 120, rotateEverySeconds: 121 });
    expect(ring.versions).toHaveLength(1);
  });

  test('rejects automatic rotation of a read-only source', async () => {
    const { replace: _, ...readOnly } = memoryKeySource(generateKeySet(NOW));

    await expect(openRing({ source: readOnly, rotateEverySeconds: DAY })).rejects.toThrow('read-only');
  });

  test('no token is issued that would outlive its key', async () => {
    await expect(issue(await openRing(), 31 * DAY)).rejects.toThrow(TypeError);
  });

  test('the environment separates the keys of one root', async () => {
    const token = await issue(await openRing({ environment: 'staging' }));

    await expect(serviceOf(await openRing()).verify(token)).rejects.toMatchObject({
      reason: 'wrong_environment',
    });
  });

  test('a static ring of the same set has the same current version', async () => {
    const ring = await openRing();
    await ring.rotate();
    const jwks = source.set;

    expect((await createKeyRing({ current: { jwks } })).previous).toHaveLength(1);
  });
});
