import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  createFakeDirectory,
  directoryPerson,
  type FakeDirectory,
  STAFF,
} from '../../support/fake-directory.js';
import { createSessionApp, type SessionApp } from '../../support/session-app.js';

const keyFile = (id: string, users: string) =>
  `api_key: sk-${id}\nkey_id: ${id}-app\nname: App\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n${users}\n`;
const CORP = `users: { directory: corp }\ngroup_permissions: { "${STAFF}": [read] }`;
const FILES = {
  'corp.yaml': keyFile('corp', CORP),
  'second.yaml': keyFile('second', CORP),
  'asserted.yaml': keyFile('asserted', 'users: true'),
};

let directory: FakeDirectory;
let app: SessionApp;

beforeEach(async () => {
  directory = createFakeDirectory(directoryPerson('alice'));
  app = await createSessionApp(FILES, undefined, { directories: { corp: directory } });
});

describe('user without a value', () => {
  test('is rejected for an API key with a directory, and never means the API key itself', async () => {
    expect((await app.begin('sk-corp', { user: '' })).body).toMatchObject({
      error: 'invalid_request',
      error_description: 'user must not be empty: omit it to request a token of the API key itself',
    });
  });

  test('is omitted for other API keys (RFC 6749 §3.2)', async () => {
    expect((await app.begin('sk-asserted', { user: '' })).status).toBe(200);
  });

  test('is ignored by a refresh, which does not read it', async () => {
    const { refreshToken } = await app.begin('sk-corp', { user: 'alice' });
    expect((await app.refresh(refreshToken, { user: '' }, 'sk-corp')).status).toBe(200);
  });
});

test.each([
  ['a malformed session_id', { session_id: 'bad id' }],
  ['a malformed device_id', { device_id: 'bad id' }],
  ['a scope that no group grants', { scope: 'write' }],
  ['an audience of no API', { audience: 'https://absent.example.com' }],
])('a request with %s records no authenticated user', async (_name, parameters) => {
  expect((await app.begin('sk-corp', { user: 'alice', ...parameters })).status).toBe(400);
  expect(app.records.map(({ type }) => type)).not.toContain('user.authenticated');
});

test('a client with 50 concurrent lookups gets 503 for more, and other clients do not', async () => {
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let waiting = 0;
  directory.findByName = async (name) => {
    waiting += 1;
    await answered;
    return directoryPerson(name);
  };
  const flood = Array.from({ length: 50 }, (_, index) =>
    app.begin('sk-corp', { user: `p${index}`, scope: '' }),
  );
  while (waiting < 50) await new Promise(setImmediate);
  expect((await app.begin('sk-corp', { user: 'more' })).status).toBe(503);
  const shared = app.begin('sk-corp', { user: 'p0', scope: '' });
  const other = app.begin('sk-second', { user: 'other', scope: '' });
  while (waiting < 51) await new Promise(setImmediate);
  answer();
  const answers = await Promise.all([...flood, shared, other]);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect((await app.begin('sk-corp', { user: 'more' })).status).toBe(200);
  expect(app.records.map(({ type }) => type)).not.toContain('directory.unreachable');
});
