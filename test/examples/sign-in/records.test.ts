import { beforeEach, expect, test } from '@jest/globals';
import { createRecords, type Records } from '../../../examples/sign-in/authorization-server/records.js';

const ALICE = 'corp:alice';

let now: number;
let records: Records;

beforeEach(() => {
  now = 1_800_000_000_000;
  records = createRecords(() => now);
});

test('a record expires', async () => {
  const codes = records.createAdapter('AuthorizationCode');
  await codes.upsert('1', { accountId: ALICE }, 60);
  expect(await codes.find('1')).toEqual({ accountId: ALICE });
  now += 60_000;

  expect(await codes.find('1')).toBeUndefined();
});

test('a record is consumed once', async () => {
  const codes = records.createAdapter('AuthorizationCode');
  await codes.upsert('1', { accountId: ALICE }, 60);
  await codes.consume('1');

  expect(await codes.find('1')).toMatchObject({ consumed: 1_800_000_000 });
  await expect(codes.consume('1')).rejects.toThrow('invalid_grant');
  await expect(codes.consume('2')).rejects.toThrow('invalid_grant');
});

test('the end of a person deletes all records of the person, and of no other person', async () => {
  const [sessions, tokens] = [records.createAdapter('Session'), records.createAdapter('RefreshToken')];
  await sessions.upsert('1', { accountId: ALICE, uid: 'u1', loginTs: now / 1000 }, 60);
  await tokens.upsert('1', { accountId: ALICE }, 60);
  await tokens.upsert('2', { accountId: 'corp:bob' }, 60);
  records.endPerson(ALICE);

  expect([await sessions.find('1'), await sessions.findByUid('u1'), await tokens.find('1')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(await tokens.find('2')).toEqual({ accountId: 'corp:bob' });
});

test('a request that runs at the same time does not bring an ended session back', async () => {
  const sessions = records.createAdapter('Session');
  const before = { accountId: ALICE, uid: 'u1', loginTs: now / 1000 };
  records.endPerson(ALICE);
  await sessions.upsert('2', before, 60);
  now += 1000;
  const after = { accountId: ALICE, uid: 'u2', loginTs: now / 1000 };
  await sessions.upsert('3', after, 60);

  expect([await sessions.find('2'), await sessions.findByUid('u1')]).toEqual([undefined, undefined]);
  expect(await sessions.findByUid('u2')).toEqual(after);
});

test('the end of a person ends sign-ins that the browser has not continued', async () => {
  const interactions = records.createAdapter('Interaction');
  const before = { result: { login: { accountId: ALICE, ts: now / 1000 } } };
  await interactions.upsert('1', before, 60);
  await interactions.upsert('2', { result: { login: { accountId: 'corp:bob', ts: now / 1000 } } }, 60);
  records.endPerson(ALICE);
  await interactions.upsert('3', before, 60);
  const found = await Promise.all(['1', '2', '3'].map((id) => interactions.find(id)));

  expect(found.map((each) => each?.result?.login?.accountId)).toEqual([undefined, 'corp:bob', undefined]);
});

test('the end of a grant deletes its tokens', async () => {
  const tokens = records.createAdapter('RefreshToken');
  await tokens.upsert('1', { grantId: 'g1' }, 60);
  await tokens.upsert('2', { grantId: 'g2' }, 60);
  await tokens.revokeByGrantId('g1');

  expect([await tokens.find('1'), await tokens.find('2')]).toEqual([undefined, { grantId: 'g2' }]);
});
