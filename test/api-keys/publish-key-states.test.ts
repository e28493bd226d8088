import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ApiKey } from '../../src/api-keys/api-key.js';
import { digestSecret, type RegisteredKey } from '../../src/api-keys/api-key-registry.js';
import { KeyStatePublisher } from '../../src/api-keys/publish-key-states.js';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import type { Revocable } from '../../src/revocation/revocable.js';
import { apiKeyOf } from '../support/api-key-files.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { until } from '../support/key-directory.js';
import { NOW } from '../support/tokens.js';

const ACTIVE = apiKeyOf({ key_id: 'demo' });
const INACTIVE = apiKeyOf({ key_id: 'demo', active: 'false' });
const OTHER = apiKeyOf({ key_id: 'other' });

const register = (apiKey: ApiKey): RegisteredKey => ({ apiKey, digest: digestSecret(apiKey.keyId) });

let now = NOW;
let isAway = false;
let revoked: Revocable[] = [];
const opened: KeyStatePublisher[] = [];

beforeEach(() => {
  now = NOW;
  isAway = false;
  revoked = [];
});

afterEach(() => {
  for (const publisher of opened.splice(0)) publisher.close();
});

function createPublisher(onDue = () => {}) {
  const { audit, records } = createAuditRecorder();
  const revoke = async (target: Revocable): Promise<void> => {
    if (isAway) throw new TemporarilyUnavailableError();
    revoked.push(target);
  };
  const publisher = new KeyStatePublisher({ revocations: { revoke }, audit, clock: () => now, onDue });
  opened.push(publisher);
  return { publisher, records };
}

/** What is revoked, as `key_id` and the second. */
const cutOffs = () =>
  revoked.map((target) => (target.kind === 'api_key' ? [target.clientId, target.issuedUpTo] : target.kind));

describe('a key is revoked up to the present second', () => {
  test.each([
    ['when it is removed', [OTHER]],
    ['when it is deactivated', [INACTIVE, OTHER]],
    [
      'when its end is moved into the past',
      [apiKeyOf({ key_id: 'demo', expires_at: '2029-01-01T00:00:00Z' })],
    ],
  ])('%s', (_, after) => {
    const { publisher } = createPublisher();
    publisher.publish([ACTIVE]);
    now = NOW + 0.7;
    publisher.publish(after);

    expect(cutOffs()).toEqual([['demo', NOW]]);
  });

  test('when it is inactive at the start, because other processes may not know', () => {
    createPublisher().publisher.publish([INACTIVE, OTHER]);

    expect(cutOffs()).toEqual([['demo', NOW]]);
  });

  test('when it expires, without anybody changing a file', async () => {
    const expiring = apiKeyOf({ key_id: 'demo', expires_at: '2030-01-01T00:00:01Z' });
    const { publisher } = createPublisher(() => publisher.publish([expiring]));
    now = NOW + 0.98;
    publisher.publish([expiring]);
    expect(revoked).toEqual([]);
    now = NOW + 1;
    await until(() => revoked.length > 0);

    expect(cutOffs()).toEqual([['demo', NOW + 1]]);
  });

  test('once, however often the set is read after that', () => {
    const { publisher } = createPublisher();
    for (const apiKeys of [[ACTIVE], [INACTIVE], [INACTIVE, OTHER], [INACTIVE]]) {
      now += 1;
      publisher.publish(apiKeys);
    }

    expect(cutOffs()).toEqual([
      ['demo', NOW + 2],
      ['other', NOW + 4],
    ]);
  });

  test('and again when it was active meanwhile', () => {
    const { publisher } = createPublisher();
    for (const apiKeys of [[ACTIVE], [INACTIVE], [ACTIVE], [INACTIVE]]) {
      now += 1;
      publisher.publish(apiKeys);
    }

    expect(cutOffs()).toEqual([
      ['demo', NOW + 2],
      ['demo', NOW + 4],
    ]);
  });
});

describe('a store that is unavailable', () => {
  test('is asked again until it keeps the revocation, with the cut-off that it had', async () => {
    const { publisher, records } = createPublisher();
    publisher.publish([ACTIVE]);
    isAway = true;
    publisher.publish([]);
    await until(() => records.length > 0);
    expect(publisher.unpublished).toEqual(['demo']);
    now = NOW + 60;
    publisher.publish([ACTIVE]);
    isAway = false;
    await until(() => revoked.length > 0);
    await until(() => publisher.unpublished.length === 0);

    expect(cutOffs()).toEqual([['demo', NOW]]);
    expect(records).toMatchObject([{ type: 'revocation.delayed', kind: 'api_key', clientId: 'demo' }]);
  });

  test('is asked no more once the publisher is closed', async () => {
    const { publisher, records } = createPublisher();
    isAway = true;
    publisher.publish([INACTIVE]);
    await until(() => records.length > 0);
    publisher.close();
    isAway = false;
    await new Promise((resolve) => setTimeout(resolve, 600));

    expect(revoked).toEqual([]);
    expect(publisher.unpublished).toEqual(['demo']);
  });
});

describe('a key that is back within the second of its cut-off', () => {
  test('stays inactive until that is over: what it got now would be revoked', () => {
    const { publisher } = createPublisher();
    publisher.publish([ACTIVE]);
    publisher.publish([INACTIVE]);
    now = NOW + 0.99;
    const held = publisher.holdBack([register(ACTIVE), register(OTHER)]).map(({ apiKey }) => apiKey.active);
    now = NOW + 1;
    const free = publisher.holdBack([register(ACTIVE), register(OTHER)]).map(({ apiKey }) => apiKey.active);

    expect([held, free]).toEqual([
      [false, true],
      [true, true],
    ]);
  });

  test('comes into force by itself then', async () => {
    const due: boolean[] = [];
    const { publisher } = createPublisher(() => {
      due.push(publisher.holdBack([register(ACTIVE)])[0]?.apiKey.active ?? false);
    });
    publisher.publish([ACTIVE]);
    publisher.publish([INACTIVE]);
    now = NOW + 0.95;
    publisher.publish(publisher.holdBack([register(ACTIVE)]).map(({ apiKey }) => apiKey));
    now = NOW + 1;
    await until(() => due.length > 0);

    expect(due).toEqual([true]);
  });
});
