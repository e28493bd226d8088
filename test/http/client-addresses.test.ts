import { createServer, request as httpRequest, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import express, { type Express } from 'express';
import { tokenRouter } from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import request from 'supertest';
import { loadFile, loadFiles, MINIMAL_FILE } from '../support/api-key-files.js';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

const keyRing = await createRing();
const apiKeys = await loadFiles({ 'key.yaml': MINIMAL_FILE });
const { keyId } = await loadFile(MINIMAL_FILE);

let app: Express;
let records: readonly AuditRecord[];
let warnings: unknown[];

beforeEach(() => {
  const recorder = createAuditRecorder();
  records = recorder.records;
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation((...args: readonly unknown[]) => {
    warnings.push(args[1]);
  });
  const router = tokenRouter({
    ...{ keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock, audit: recorder.audit },
    throttle: { failuresPerMinute: 2 },
  });
  app = express().set('trust proxy', true).use('/oauth', router);
});

afterEach(() => void jest.restoreAllMocks());

const exchange = async (secret: string, headers: Record<string, string>): Promise<number> => {
  const sent = request(app).post('/oauth/token').set(headers).auth(keyId, secret).type('form');
  return (await sent.send({ grant_type: 'client_credentials' })).status;
};

const from = (address: string, secret = 'wrong') => exchange(secret, { 'X-Forwarded-For': address });

const eventsOf = (type: AuditRecord['type']) => records.filter((record) => record.type === type);

describe('an address that fails to authenticate is one address', () => {
  test.each([
    ['203.0.113.8', '203.0.113.8:51234', '203.0.113.8:51235'],
    ['203.0.113.8', '::ffff:203.0.113.8', '[::ffff:cb00:7108]:443'],
    ['2001:db8::1', '[2001:db8::1]:51234', '[2001:db8::1]'],
    ['fe80::1', 'fe80::1%eth0', '[fe80::1%eth1]:443'],
  ])('in every spelling: %s, %s and %s', async (plain, ...spellings) => {
    for (const spelling of spellings) expect(await from(spelling)).toBe(401);

    expect(await from(plain, 'k-minimal')).toBe(429);
    expect(await from('198.51.100.1', 'k-minimal')).toBe(200);
  });

  test('and audit events contain it without its port', async () => {
    await from('203.0.113.8:51234');

    expect(eventsOf('issuance.refused')).toMatchObject([{ ip: '203.0.113.8' }]);
  });
});

describe('clients without an address', () => {
  test.each([
    ['unknown', '_hidden'],
    ['example.com:443', 'unix:/run/proxy.sock'],
  ])('share one limit: %s and %s', async (one, other) => {
    expect([await from(one), await from(other)]).toEqual([401, 401]);

    expect(await from('unknown', 'k-minimal')).toBe(429);
    expect(await from('203.0.113.8', 'k-minimal')).toBe(200);
  });

  test('cause one audit event and one process warning', async () => {
    for (const address of ['unknown', '_hidden', 'unknown']) await from(address);

    expect(eventsOf('client_address.unknown')).toHaveLength(1);
    expect(warnings).toEqual([{ code: 'PASSPORT_JWE_CLIENT_ADDRESS' }]);
  });

  test('come through a Unix domain socket and share one limit', async () => {
    app.set('trust proxy', false);
    const path = join(tmpdir(), `passport-jwe-${process.pid}-${process.hrtime.bigint()}.sock`);
    const server: Server = createServer(app);
    await new Promise<void>((resolve) => void server.listen(path, resolve));
    const guess = () =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = { 'X-API-Key': 'wrong', 'Content-Type': 'application/x-www-form-urlencoded' };
        const options = { socketPath: path, path: '/oauth/token', method: 'POST', headers };
        const sent = httpRequest(options, (res) => resolve(res.resume().statusCode)).on('error', reject);
        sent.end('grant_type=client_credentials');
      });
    const statuses = [await guess(), await guess(), await guess()];
    await new Promise<void>((resolve) => void server.close(() => resolve()));

    expect(statuses).toEqual([401, 401, 429]);
    expect(eventsOf('client_address.unknown')).toHaveLength(1);
  });
});

describe('forwarding headers', () => {
  test.each([
    ['X-Forwarded-For', '203.0.113.8'],
    ['Forwarded', 'for=203.0.113.8'],
    ['X-Real-IP', '203.0.113.8'],
  ])('of an untrusted peer cause one warning: %s', async (name, value) => {
    app.set('trust proxy', false);
    for (const _ of [1, 2, 3]) await exchange('k-minimal', { [name]: value });

    expect(eventsOf('proxy.untrusted')).toMatchObject([{ ip: '127.0.0.1' }]);
    expect(warnings).toEqual([{ code: 'PASSPORT_JWE_TRUST_PROXY' }]);
  });

  test.each([1, 'loopback', ['127.0.0.0/8']])(
    'of a proxy that is trusted are no reason: %j',
    async (trusted) => {
      app.set('trust proxy', trusted);
      expect(await from('203.0.113.8', 'k-minimal')).toBe(200);

      expect(eventsOf('proxy.untrusted')).toEqual([]);
      expect(warnings).toEqual([]);
    },
  );

  test('that are missing cause no warning', async () => {
    app.set('trust proxy', false);
    await exchange('k-minimal', {});

    expect(records.map(({ type }) => type)).toEqual(['token.issued']);
    expect(warnings).toEqual([]);
  });
});
