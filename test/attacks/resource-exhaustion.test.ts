import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TokenRejection } from 'passport-jwe';
import type { ContentKey } from '../../src/keys/content-key.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import {
  ACCEPTED,
  type AttackTarget,
  NO_B64TOKEN,
  refusedAs,
  startTarget,
} from '../support/attack-target.js';
import { forgeToken } from '../support/forge-token.js';
import { AUDIENCE, claimsOf, createRing } from '../support/tokens.js';

const MEGABYTE = 1_048_576;

let target: AttackTarget;
/** Its HTTP parser takes headers of megabytes, and it takes tokens from forms, so that all of them arrive. */
let generous: AttackTarget;
let key: ContentKey;
let members: string;

beforeAll(async () => {
  const keyRing = await createRing();
  target = await startTarget({ keyRing });
  generous = await startTarget(
    { keyRing, tokenLocations: { form: true, header: 'x-token', cookie: 'token' } },
    { maxHeaderSize: 4 * MEGABYTE },
  );
  key = internalsOf(keyRing).encryptionKey('access', AUDIENCE);
  members = `"alg":"dir","enc":"A256GCM","kid":"${key.kid}","typ":"at+jwt"`;
});

afterAll(() => Promise.all([target.close(), generous.close()]));

const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url');

// RFC 8725 §3.6; CVE-2024-28176 (jose), CVE-2024-33664 (python-jose), CVE-2024-21319 (Microsoft.IdentityModel).
describe('compression bombs', () => {
  const bomb = () => deflateRawSync(Buffer.alloc(4 * MEGABYTE, ' '));

  test('fit into a token: four megabytes in one of less than 8 KiB', () => {
    expect(forgeToken(key, { header: { zip: 'DEF' }, plaintext: bomb() }).length).toBeLessThan(8192);
  });

  test.each(['DEF', 'def', 'GZIP', '', null, 7])('are not inflated: zip %j', async (zip) => {
    const token = forgeToken(key, { header: { zip }, plaintext: bomb() });
    expect(await target.present(token)).toMatchObject(refusedAs('header_refused_member'));
  });

  test('nor is a compressed token without zip', async () => {
    const plaintext = deflateRawSync(JSON.stringify(claimsOf()));
    expect(await target.present(forgeToken(key, { plaintext }))).toMatchObject(refusedAs('claims_not_json'));
  });

  test('nor is a token that would be valid when inflated', async () => {
    const token = forgeToken(key, {
      header: { zip: 'DEF' },
      plaintext: deflateRawSync(JSON.stringify(claimsOf())),
    });
    expect(await target.present(token)).toMatchObject(refusedAs('header_refused_member'));
  });
});

// CVE-2022-36083 (jose), CVE-2023-50658 (jose2go), CVE-2023-51775 (jose4j): the sender chooses the work.
describe('iteration counts of PBES2 (RFC 7518 §8.1)', () => {
  test.each([1, 600_000, 2_147_483_647, 1e308, -1, '1000000000', null])('p2c %j', async (p2c) => {
    const header = { alg: 'PBES2-HS512+A256KW', p2s: encode('salt salt salt'), p2c };
    const token = forgeToken(key, { header, encryptedKey: encode(Buffer.alloc(40)) });
    expect(await target.present(token)).toMatchObject(refusedAs('header_refused_member'));
  });

  test.each(['PBES2-HS256+A128KW', 'PBES2-HS384+A192KW', 'PBES2-HS512+A256KW'])(
    'is not required: %s without one',
    async (alg) => {
      const token = forgeToken(key, { header: { alg, p2s: encode('salt salt salt') } });
      expect(await target.present(token)).toMatchObject(refusedAs('algorithm'));
    },
  );
});

describe('tokens of a megabyte', () => {
  // CVE-2025-27144 (go-jose), CVE-2025-30204 (golang-jwt): splitting at every dot allocates for each of them.
  const DOTS = '.'.repeat(MEGABYTE);
  const LONG = 'A'.repeat(MEGABYTE);

  test.each([
    ['dots', DOTS],
    ['one segment', LONG],
    ['five segments', Array.from({ length: 5 }, () => LONG.slice(0, MEGABYTE / 5)).join('.')],
  ])('are rejected by length in any location: %s', async (_what, token) => {
    expect(await generous.present(token)).toMatchObject(refusedAs('too_long'));
    expect(await generous.send([`X-Token: ${token}`])).toMatchObject(refusedAs('too_long'));
    expect(await generous.send([`Cookie: token=${token}`])).toMatchObject(refusedAs('too_long'));
    const form = `access_token=${token}`;
    const lines = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${form.length}`];
    expect(await generous.send(lines, form)).toMatchObject(refusedAs('too_long'));
  });

  // With backtracking that is worse than linear this would outlast the timeout of the test by far (CWE-1333).
  test.each([
    ['padding', `A${'='.repeat(MEGABYTE)}!`],
    ['letters', `${LONG}!`],
    ['spaces', `${' '.repeat(MEGABYTE)}!`],
    ['padding within', `${'A='.repeat(MEGABYTE / 2)}`],
  ])('that are not a b64token are rejected in one pass: %s', async (_what, token) => {
    expect(await generous.present(token)).toMatchObject(NO_B64TOKEN);
  });

  test('are rejected by Node with its default limit (RFC 6585 §5)', async () => {
    const answer = await target.present('.'.repeat(20_000));
    expect(answer.status).toBe(431);
    expect(target.records.filter(({ type }) => type === 'token.accepted')).toEqual([]);
  });

  test.each([8188, 8192])('of only dots are rejected by their number: %i', async (count) => {
    expect(await target.present('.'.repeat(count))).toMatchObject(refusedAs('segment_count'));
  });
});

describe('protected headers', () => {
  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

  test.each<[TokenRejection, string, () => string]>([
    ['header_too_long', 'of more than 1 KiB', () => `{${members},"x":"${'x'.repeat(1024)}"}`],
    ['header_too_long', 'of white space', () => `{${members}${' '.repeat(5000)}}`],
    ['header_too_long', 'of a thousand members', () => `{${members}${',"":0'.repeat(1000)}}`],
    ['header_invalid_member', 'of 400 levels', () => `{${members},"x":${nested(400)}}`],
    ['header_not_json', 'of nothing but 1000 levels that begin', () => '['.repeat(1000)],
    ['header_not_json', 'of nothing but 250 objects that begin', () => '{"":'.repeat(250)],
    ['header_too_long', 'of 2500 levels', () => `{${members},"x":${nested(2500)}}`],
  ])('are refused as %s: %s', async (reason, _what, header) => {
    expect(await target.present(forgeToken(key, { header: header() }))).toMatchObject(refusedAs(reason));
  });
});

// JSONTestSuite: n_structure_100000_opening_arrays, n_structure_open_array_object, i_structure_500_nested_arrays.
describe('claims of a holder of the key', () => {
  const inClaims = (json: string) => JSON.stringify(claimsOf()).replace(/\}$/, `,"x":${json}}`);

  test.each<[TokenRejection, string, string]>([
    ['claims_too_deep', '2500 arrays', inClaims(`${'['.repeat(2500)}${']'.repeat(2500)}`)],
    ['claims_too_deep', '800 objects', inClaims(`${'{"":'.repeat(800)}0${'}'.repeat(800)}`)],
    ['claims_not_json', 'arrays that never end', '['.repeat(5000)],
    ['claims_not_json', 'objects and arrays that never end', '[{"":'.repeat(1000)],
  ])('are refused as %s: %s', async (reason, _what, plaintext) => {
    expect(await target.present(forgeToken(key, { plaintext }))).toMatchObject(refusedAs(reason));
  });

  test('with many members or long numbers cost no more than their length', async () => {
    for (const json of [
      '0'.padStart(4000, '1'),
      `[${'1e400,'.repeat(600)}0]`,
      `{${'"a":0,'.repeat(600)}"b":0}`,
    ]) {
      expect(await target.present(forgeToken(key, { plaintext: inClaims(json) }))).toMatchObject(ACCEPTED);
    }
  });
});
