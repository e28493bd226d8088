import { expect, test } from '@jest/globals';
import { ldapDirectory } from 'passport-jwe/ldap';
import { noAuditTrail } from '../../../src/audit/record.js';
import { systemClock } from '../../../src/base/clock.js';
import { createPeople } from '../../../src/directory/people.js';
import { outageOf } from '../../support/ldap-outcomes.js';
import { describeWithSlapd, GROUPS, group, PEOPLE, person, startSlapd } from '../../support/slapd.js';

const dnOf = (uid: string): string => `uid=${uid},${PEOPLE}`;

/** OpenLDAP returns at most 500 entries of a search by default. */
const TOO_MANY = Array.from({ length: 501 }, (_, index) => group(`group-${index}`, dnOf('mallory')));

describeWithSlapd('a person with more groups than slapd returns', () => {
  test('does not affect others', async () => {
    const entries = [
      ...[person('alice'), person('bob'), person('mallory')],
      ...[group('staff', dnOf('alice'), dnOf('bob')), ...TOO_MANY],
    ];
    const slapd = await startSlapd({ entries: entries.join('\n') });
    const directory = ldapDirectory({ ...slapd.options, groups: { baseDn: GROUPS } });
    const people = createPeople({ source: 'corp', directory, audit: noAuditTrail, clock: systemClock });
    try {
      expect(await outageOf(people.byName('mallory'))).toContain('exceed a limit');
      expect(directory.isReady()).toBe(true);
      expect(await people.byName('alice')).toMatchObject({ state: 'active' });
      const flood = outageOf(people.byName('mallory'));
      expect(await people.byName('bob')).toMatchObject({ state: 'active' });
      await flood;
    } finally {
      await directory.close();
      await slapd.dispose();
    }
  });
});
