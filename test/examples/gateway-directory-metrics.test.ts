import { afterAll, beforeAll, expect, test } from '@jest/globals';
import express from 'express';
import { createAuditTrail, createKeyRing, tokenRouter } from 'passport-jwe';
import { type Directory, ldapDirectory } from 'passport-jwe/ldap';
import { Registry } from 'prom-client';
import request from 'supertest';
import { countAuditRecords } from '../../examples/gateway/observability/count-audit-records.js';
import { countDirectoryLookups } from '../../examples/gateway/observability/count-directory-lookups.js';
import { loadFiles } from '../support/api-key-files.js';
import {
  change,
  describeWithSlapd,
  GROUPS,
  group,
  PEOPLE,
  person,
  type Slapd,
  startSlapd,
} from '../support/slapd.js';
import { AUDIENCE, ISSUER, NOW, secretOf } from '../support/tokens.js';

const KEY = `api_key: sk-portal
key_id: portal
name: Portal
type: api_call
rate_limits: {}
permissions: [read]
users: { directory: corp }
group_permissions: { "cn=staff,${GROUPS}": [read] }
`;

describeWithSlapd('metrics of directories', () => {
  const registry = new Registry();
  const app = express();
  let slapd: Slapd;
  let corp: Directory;
  let now = NOW;

  const issue = (user: string) =>
    request(app)
      .post('/token')
      .auth('portal', 'sk-portal')
      .type('form')
      .send({ grant_type: 'client_credentials', user })
      .then(({ status }) => status);
  const read = async () =>
    (await registry.metrics()).split('\n').filter((line) => /^gateway_(users|directory)/.test(line));

  beforeAll(async () => {
    const entries = person('alice') + person('bob') + group('staff', `uid=alice,${PEOPLE}`);
    slapd = await startSlapd({ entries });
    const locked = ['add: pwdAccountLockedTime', 'pwdAccountLockedTime: 000001010000Z'];
    await slapd.modify(change(`uid=bob,${PEOPLE}`, 'changetype: modify', ...locked));
    corp = ldapDirectory(slapd.options);
    app.use(
      tokenRouter({
        ...{ issuer: ISSUER, audience: AUDIENCE, clock: () => now },
        keyRing: await createKeyRing({ current: { secret: secretOf(1) } }),
        apiKeys: await loadFiles({ 'portal.yaml': KEY }),
        directories: countDirectoryLookups(registry, { corp }),
        audit: createAuditTrail({ sinks: [countAuditRecords(registry)] }),
      }),
    );
  });

  afterAll(async () => {
    await corp.close();
    await slapd.dispose();
  });

  test('count users by result, and lookups that the cache did not answer', async () => {
    expect([await issue('alice'), await issue('alice'), await issue('bob'), await issue('carol')]).toEqual([
      ...[200, 200, 400, 400],
    ]);

    expect(await read()).toEqual([
      'gateway_directory_lookups_total{directory="corp",result="found"} 2',
      'gateway_directory_lookups_total{directory="corp",result="absent"} 1',
      'gateway_users_total{source="corp",result="authenticated"} 2',
      'gateway_users_total{source="corp",result="user_disabled"} 1',
      'gateway_users_total{source="corp",result="user_unknown"} 1',
    ]);
  });

  test('show an outage, and its end', async () => {
    await slapd.kill();
    now += 61;
    expect(await issue('alice')).toBe(503);
    expect(await read()).toEqual(
      expect.arrayContaining([
        // The lookup, and the probe that confirms the outage.
        'gateway_directory_lookups_total{directory="corp",result="error"} 2',
        'gateway_directory_up{directory="corp"} 0',
      ]),
    );

    await slapd.start();
    now += 3;
    expect(await issue('alice')).toBe(200);
    expect(await read()).toContain('gateway_directory_up{directory="corp"} 1');
  });
});
