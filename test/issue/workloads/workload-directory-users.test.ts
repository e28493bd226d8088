import { beforeEach, expect, test } from '@jest/globals';
import {
  createFakeDirectory,
  directoryPerson,
  type FakeDirectory,
  STAFF,
} from '../../support/fake-directory.js';
import {
  createWorkloadApp,
  GITHUB,
  githubToken,
  idJag,
  WORKLOAD_KEYS,
  type WorkloadApp,
} from '../../support/workload-app.js';

const CORP = `key_id: corp
api_key: sk-corp
name: Corp
type: api_call
rate_limits: {}
permissions: [read, write]
service_audiences: [https://jobs.example.com]
users: { directory: corp }
group_permissions: { "${STAFF}": [read] }
workloads: [{ issuer: ${GITHUB}, subject: "repo:acme/corp:*" }]
`;
const TARGET = { audience: 'https://reports.example.com' };

let directory: FakeDirectory;
let app: WorkloadApp;

beforeEach(async () => {
  directory = createFakeDirectory(directoryPerson('u1', { name: 'alice' }));
  const files = { ...WORKLOAD_KEYS, 'corp.yaml': CORP };
  app = await createWorkloadApp({ files, users: { directories: { corp: directory } } });
});

const exchange = (parameters = {}) => app.exchange(githubToken({ sub: 'repo:acme/corp:main' }), parameters);

test('a workload obtains a token for a user whom the directory verifies', async () => {
  const answer = await exchange({ user: 'alice' });
  expect(answer.body).toMatchObject({ scope: 'read' });
  expect((await app.verify(answer)).claims).toMatchObject({ sub: 'corp:u1', client_id: 'corp' });
});

test('a workload obtains no token for a user whom the directory does not find', async () => {
  expect((await exchange({ user: 'mallory' })).body).toMatchObject({ error: 'invalid_grant' });
});

test('a workload without a user, and one for a service, cause no lookup', async () => {
  expect((await exchange()).body).toMatchObject({ scope: 'read write' });
  expect((await exchange({ user: 'alice', audience: 'https://jobs.example.com' })).body).toMatchObject({
    error: 'invalid_request',
  });
  expect(directory.lookups).toEqual([]);
});

test('an ID-JAG cannot assert the subject of a user of a directory', async () => {
  const files = {
    'agent.yaml': String(WORKLOAD_KEYS['agent.yaml'])
      .replace('"user-*"', '"*:*"')
      .replace('users: true }', 'users: true, claims: { client_id: agent } }'),
  };
  const agent = await createWorkloadApp({ files, users: { directories: { corp: directory } } });
  const send = (sub: string, jti: string) =>
    agent.exchange(idJag({ sub, jti }), TARGET, ['agent', 'sk-agent']);
  expect((await send('corp:u1', '1')).body).toMatchObject({ error: 'invalid_grant' });
  expect((await send('other:u1', '2')).status).toBe(200);
});
