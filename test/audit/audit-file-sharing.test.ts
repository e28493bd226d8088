import { hash } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type AuditFile, type AuditRecord, openAuditFile, verifyAuditFile } from 'passport-jwe/audit';
import { describeWithDisks, mountSmallDisk, type SmallDisk } from '../support/small-disk.js';

const KEY = Buffer.alloc(32, 7);

const recordOf = (kid: string): AuditRecord => ({
  type: 'key_ring.retired',
  kid,
  time: '2030-01-01T00:00:00Z',
});

/** Of so many records, each of a length of its own. */
const manyKids = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, number) => `${name}-${number}-${'x'.repeat(900 + (number % 100))}`);

const openTwice = (path: string) =>
  Promise.all([openAuditFile({ path, key: KEY }), openAuditFile({ path, key: KEY })]);

/** Which of them were acknowledged. */
async function writeAll(file: AuditFile, kids: readonly string[]): Promise<readonly string[]> {
  const outcomes = await Promise.allSettled(kids.map((kid) => file.write(recordOf(kid))));
  return kids.filter((_, index) => outcomes[index]?.status === 'fulfilled');
}

/** What stands in whole lines. */
async function readKids(path: string): Promise<readonly string[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines.filter((line) => line.endsWith('"}')).map((line) => JSON.parse(line).record.kid);
}

describe('an audit file that two processes share', () => {
  let home: string;
  let path: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'passport-jwe-audit-'));
    path = join(home, 'audit.jsonl');
  });

  afterEach(() => rm(home, { recursive: true }));

  test('keeps the records of one process after the other crashed within a line', async () => {
    const [one, other] = await openTwice(path);
    await one.write(recordOf('before'));
    await other.write(recordOf('between'));
    await appendFile(path, '{"chain":"half');
    await other.write(recordOf('after'));
    await Promise.all([one.close(), other.close()]);

    expect(await readKids(path)).toEqual(['before', 'between', 'after']);
    expect(await verifyAuditFile(path, KEY)).toMatchObject({
      chains: [{ records: 1 }, { records: 2 }],
      problems: [{ problem: 'unreadable' }],
    });
  });

  test('has only complete lines, although both write more than 512 KiB concurrently', async () => {
    const [one, other] = await openTwice(path);
    await Promise.all([writeAll(one, manyKids('one', 3000)), writeAll(other, manyKids('other', 3000))]);
    await Promise.all([one.close(), other.close()]);

    expect(await verifyAuditFile(path, KEY)).toMatchObject({
      chains: [{ records: 3000 }, { records: 3000 }],
      problems: [],
    });
  });
});

describeWithDisks('an audit file on a disk with room for a part of the pending records', () => {
  let disk: SmallDisk;

  beforeEach(() => {
    disk = mountSmallDisk(1024);
  });

  afterEach(() => disk.dispose());

  test('has every acknowledged record, and continues on a new line once there is room', async () => {
    const path = join(disk.path, 'audit.jsonl');
    const [one, other] = await openTwice(path);
    const kids = manyKids('one', 500);
    await disk.fill(300_000);
    const acknowledged = [...(await writeAll(one, kids))];
    await disk.clear();
    acknowledged.push(...(await writeAll(other, ['other'])), ...(await writeAll(one, ['after'])));
    await Promise.all([one.close(), other.close()]);
    const { problems } = await verifyAuditFile(path, KEY);

    expect(acknowledged.length).toBeGreaterThan(200);
    expect(acknowledged.length).toBeLessThan(kids.length);
    expect(acknowledged.slice(-2)).toEqual(['other', 'after']);
    expect(await readKids(path)).toEqual(expect.arrayContaining(acknowledged));
    expect(problems).toMatchObject([{ problem: 'torn' }]);
  });

  test('names the torn line in its next line, once there is room', async () => {
    const path = join(disk.path, 'audit.jsonl');
    const file = await openAuditFile({ path, key: KEY });
    await disk.fill(300_000);
    await writeAll(file, manyKids('one', 500));
    await disk.clear();
    await writeAll(file, ['after']);
    await file.close();
    const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');
    const torn = lines.find((line) => !line.endsWith('"}')) ?? '';
    const { chain, after } = JSON.parse(lines.at(-1) ?? '');

    expect(torn).not.toBe('');
    expect(after.chain).not.toBe(chain);
    expect(after.torn).toEqual([{ bytes: torn.length, sha256: hash('sha256', torn, 'base64url') }]);
    expect(await verifyAuditFile(path, KEY)).toMatchObject({
      verdict: 'torn',
      chains: [{}, { chain, records: 1, follows: after.chain }],
      problems: [{ problem: 'torn' }],
    });
  });
});
