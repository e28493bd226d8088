import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { type KeyRing, requireScope, tokenRouter } from 'passport-jwe';
import { loadFiles } from '../support/api-key-files.js';
import { ADAPTERS } from '../support/apps.js';
import { sendRaw } from '../support/http.js';
import { createRandom } from '../support/random.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

let keyRing: KeyRing;

beforeAll(async () => {
  keyRing = await createRing();
});

/** What a client may send by accident or on purpose; each is a whole value of the Authorization header. */
function credentialsOf(token: string): readonly string[] {
  const [header = '', , iv = '', ciphertext = '', tag = ''] = token.split('.');
  const encode = (text: string) => Buffer.from(text, 'latin1').toString('base64url');
  const headers = [
    'null',
    '[]',
    '{}',
    '"dir"',
    '1e400',
    '{"alg":null,"enc":[],"kid":{}}',
    '{"alg":"dir","enc":"A256GCM","kid":"__proto__","typ":"at+jwt"}',
    '{"alg":"none","enc":"none","kid":"constructor"}',
    '{"__proto__":{"alg":"dir"},"kid":"x"}',
    `${'['.repeat(500)}${']'.repeat(500)}`,
    '\ufeff{}',
    '\u00ff\u00fe',
    '{"alg":"dir","alg":"dir"}',
  ];
  return [
    '',
    'Bearer',
    'Bearer ',
    'Bearer .',
    'Bearer ....',
    `Bearer ${'.'.repeat(5000)}`,
    `Bearer ${'A'.repeat(5000)}`,
    'Bearer =',
    'Bearer %00',
    'Bearer \u0080\u00ff',
    'Basic',
    'Basic :',
    'Basic ====',
    `Basic ${encode('a:b')}`,
    'Negotiate abc',
    ',,,',
    '"',
    ...headers.map((text) => `Bearer ${[encode(text), '', iv, ciphertext, tag].join('.')}`),
    `Bearer ${[header, '', '', '', ''].join('.')}`,
    `Bearer ${[header, '', iv, '', tag].join('.')}`,
    `Bearer ${[header, 'AA', iv, ciphertext, tag].join('.')}`,
  ];
}

function mutate(token: string, random: () => number): string {
  const position = Math.floor(random() * token.length);
  const character = String.fromCharCode(33 + Math.floor(random() * 94));
  return random() < 0.5
    ? token.slice(0, position) + character + token.slice(position + 1)
    : token.slice(0, position) + token.slice(position + Math.ceil(random() * 8));
}

async function statusesOf(
  app: Express,
  requests: readonly (readonly string[])[],
  body = '',
): Promise<number[]> {
  const statuses: number[] = [];
  for (const lines of requests) statuses.push((await sendRaw(app, lines, body)).status);
  return statuses;
}

describe.each(ADAPTERS)('malformed credentials, through $name', ({ createApp }) => {
  test('are a 400 or a 401, never a 5xx', async () => {
    const app = createApp({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }, [
      requireScope('read:documents'),
    ]);
    const token = mintToken(keyRing);
    const random = createRandom(7);
    const mutants = Array.from({ length: 100 }, () => mutate(token, random)).filter(
      (mutant) => mutant !== token,
    );
    const values = [...credentialsOf(token), ...mutants.map((mutant) => `Bearer ${mutant}`)];
    const statuses = await statusesOf(
      app,
      values.map((value) => ['GET /resource HTTP/1.1', `Authorization: ${value}`]),
    );

    expect(new Set(statuses)).toEqual(new Set([400, 401]));
  });
});

describe('malformed token requests', () => {
  const forms = [
    '',
    '&&&==&',
    '%',
    '%zz=%zz',
    'grant_type',
    'grant_type=%00',
    'grant_type=client_credentials&client_id=%ff&client_secret=%ff',
    'grant_type[]=client_credentials',
    'grant_type[__proto__]=x',
    '__proto__=x&constructor=y',
    `scope=${'a+'.repeat(5000)}`,
    'grant_type=client_credentials&client_secret=x',
    'grant_type=client_credentials&client_id=demo&client_secret=sk-demo-key&scope=%22%0d%0aX:1',
    'grant_type=client_credentials&client_id=demo&client_secret=sk-demo-key&user=%0d%0a',
    'grant_type=client_credentials&client_id=demo&client_secret=sk-demo-key&resource=%00',
  ];
  const texts = [
    '',
    'null',
    '1',
    '"x"',
    '[]',
    '{',
    '{"grant_type":{}}',
    '{"__proto__":{"grant_type":"x"}}',
    '\u0000',
    `${'['.repeat(8000)}`,
  ];

  const cases = [
    ...forms.map((body) => ({ type: 'application/x-www-form-urlencoded', body })),
    ...texts.map((body) => ({ type: 'application/json', body })),
    { type: 'application/json; charset=utf-16', body: '{}' },
    { type: 'application/x-www-form-urlencoded; charset=x', body: 'a=b' },
    { type: 'multipart/form-data; boundary=x', body: '--x--' },
    { type: '///', body: 'x' },
  ];

  test.each(['bare', 'behind parsers of the application'])('are a 4xx, %s', async (kind) => {
    const apiKeys = await loadFiles({
      'demo.yaml': 'api_key: sk-demo-key\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\n',
    });
    const app = express();
    app.set('env', 'test');
    if (kind !== 'bare') app.use(express.urlencoded({ extended: true }));
    app.use('/oauth', tokenRouter({ keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock }));

    for (const { type, body } of cases) {
      const length = Buffer.byteLength(body, 'latin1');
      const answer = await sendRaw(
        app,
        ['POST /oauth/token HTTP/1.1', `Content-Type: ${type}`, `Content-Length: ${length}`],
        body,
      );
      expect({ type, body, family: Math.floor(answer.status / 100) }).toEqual({ type, body, family: 4 });
    }
  });
});
