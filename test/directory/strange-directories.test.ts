import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { noAuditTrail } from '../../src/audit/record.js';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import type { Directory } from '../../src/directory/directory.js';
import { createPeople } from '../../src/directory/people.js';
import { RESERVED_CLAIMS } from '../../src/token/claims/claims-set.js';
import { directoryPerson } from '../support/fake-directory.js';
import { untypedValue } from '../support/untyped.js';

const STATES = ['active', 'disabled', 'expired', 'locked', 'password_expired'];

/** Answers of directories that third parties wrote. */
const strange = fc.oneof(
  fc.anything({
    withNullPrototype: true,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withTypedArray: true,
  }),
  fc.record(
    {
      id: fc.oneof(
        fc.constant('alice'),
        fc.string(),
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.anything(),
      ),
      state: fc.oneof(fc.constantFrom(...STATES, 'toString', 'ACTIVE'), fc.anything()),
      groups: fc.oneof(fc.array(fc.string()), fc.array(fc.anything()), fc.anything()),
      claims: fc.oneof(
        fc.dictionary(
          fc.constantFrom('sub', 'email', 'scope', 'may_act', '__proto__', 'toJSON'),
          fc.anything(),
        ),
        fc.anything(),
      ),
    },
    { requiredKeys: [] },
  ),
);

const hostile = {
  get id(): string {
    throw new Error('a getter that throws');
  },
};

function peopleWith(answer: () => unknown) {
  const ask = async () => untypedValue(await answer());
  const directory: Pick<Directory, 'findByName' | 'findById' | 'isReady'> = {
    findByName: ask,
    findById: ask,
    isReady: () => true,
  };
  return createPeople({ source: 'corp', directory, audit: noAuditTrail, clock: () => 1000, timeoutMs: 50 });
}

test('a strange answer is a valid person, absence or an outage, and never another error', async () => {
  let answer: unknown;
  let serial = 0;
  const people = peopleWith(() => answer);
  await fc.assert(
    fc.asyncProperty(strange, async (each) => {
      answer = each;
      serial += 1;
      const person = await people.byName(`name-${serial}`).catch((error: unknown) => {
        expect(error).toBeInstanceOf(TemporarilyUnavailableError);
        return undefined;
      });
      if (person === undefined) return;
      expect(person.subject).toMatch(/^corp:[\x21-\x7e]{1,123}$/);
      expect(STATES).toContain(person.state);
      expect(person.groups.every((group) => typeof group === 'string')).toBe(true);
      const names = Object.keys(person.claims);
      expect(names.filter((name) => RESERVED_CLAIMS.has(name) || name === 'may_act')).toEqual([]);
      expect(JSON.parse(JSON.stringify(person.claims))).toEqual(person.claims);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['null', () => null],
  ['a getter that throws', () => hostile],
  ['a revoked proxy', () => Proxy.revocable({}, {})],
  ['a rejection without a reason', () => Promise.reject(undefined)],
  ['an error that is no Error', () => Promise.reject('down')],
  ['a promise that never settles', () => new Promise(() => {})],
  ['another person than the requested one', () => directoryPerson('mallory')],
  ['cyclic claims', () => ({ ...directoryPerson('alice'), claims: cyclic() })],
  ['a state that is no state', () => ({ ...directoryPerson('alice'), state: 'constructor' })],
])('%s is an outage', async (_name, answer) => {
  await expect(peopleWith(answer).byId('alice')).rejects.toBeInstanceOf(TemporarilyUnavailableError);
});

function cyclic(): object {
  const claims: { self?: object } = {};
  claims.self = claims;
  return claims;
}

test('an ID may differ in the case of its letters, as UUIDs do', async () => {
  expect(await peopleWith(() => directoryPerson('abc')).byId('ABC')).toMatchObject({ subject: 'corp:abc' });
});
