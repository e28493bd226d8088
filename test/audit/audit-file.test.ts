import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createAuditTrail } from 'passport-jwe';
import { type AuditRecord, openAuditFile, verifyAuditFile } from 'passport-jwe/audit';
import { rejectionOf } from '../support/caught.js';
import { setUpCommandLine } from '../support/command-line.js';

const KEY = Buffer.alloc(32, 7);
let home = '';
let path = '';

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-audit-'));
  path = join(home, 'audit.jsonl');
});

afterEach(() => rm(home, { recursive: true }));

const recordOf = (number: number): AuditRecord => ({
  type: 'key_ring.retired',
  kid: `kid-${number}`,
  time: `2030-01-01T00:00:0${number % 10}Z`,
});

/** Appends so many records by one opening. */
async function append(count: number): Promise<void> {
  const file = await openAuditFile({ path, key: KEY });
  await Promise.all(Array.from({ length: count }, (_, number) => file.write(recordOf(number))));
  await file.close();
}

const linesOf = async (): Promise<string[]> =>
  (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '');

describe('an audit file', () => {
  test('is private to its owner, with one line per record, in order', async () => {
    await append(20);
    const records = (await linesOf()).map((line) => JSON.parse(line).record);

    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(records).toEqual(Array.from({ length: 20 }, (_, number) => recordOf(number)));
  });

  test('receives the records after one that has no JSON form', async () => {
    const file = await openAuditFile({ path, key: KEY });
    const [failed, written] = await Promise.allSettled([
      file.write(Object.assign(recordOf(0), { uses: 1n })),
      file.write(recordOf(1)),
    ]);
    await file.close();

    expect([failed.status, written.status]).toEqual(['rejected', 'fulfilled']);
    expect(await verifyAuditFile(path, KEY)).toMatchObject({ verdict: 'valid', chains: [{ records: 1 }] });
  });

  test('is valid, regardless of the number of processes that wrote it', async () => {
    const one = await openAuditFile({ path, key: KEY });
    const other = await openAuditFile({ path, key: KEY, durable: false });
    for (let number = 0; number < 10; number += 1) {
      await Promise.all([one.write(recordOf(number)), other.write(recordOf(number))]);
    }
    await one.close();
    await other.close();
    const { isValid, chains, problems } = await verifyAuditFile(path, KEY);

    expect([isValid, problems]).toEqual([true, []]);
    expect(chains.map(({ records, from, to }) => [records, from, to])).toEqual([
      [10, '2030-01-01T00:00:00Z', '2030-01-01T00:00:09Z'],
      [10, '2030-01-01T00:00:00Z', '2030-01-01T00:00:09Z'],
    ]);
  });

  test('is valid with any content of its records', async () => {
    const kids = ['\u2028', '\u2029a', '\r\n', '\u0085', '\ud800', '\u0000', '"}\n{"', '😀'.repeat(40_000)];
    const file = await openAuditFile({ path, key: KEY });
    await Promise.all(kids.map((kid) => file.write({ ...recordOf(0), type: 'key_ring.retired', kid })));
    await file.close();
    const { chains, problems } = await verifyAuditFile(path, KEY);

    expect(problems).toEqual([]);
    expect(chains.map(({ records }) => records)).toEqual([kids.length]);
  });

  test('continues after a process that crashed within a line', async () => {
    await append(2);
    await appendFile(path, '{"chain":"half');
    await append(2);

    expect(await verifyAuditFile(path, KEY)).toMatchObject({
      verdict: 'torn',
      chains: [{ records: 2 }, { records: 2 }],
      problems: [{ line: 5, problem: 'torn' }],
    });
  });

  test('on a full disk fails all pending records, and no token is sent', async () => {
    const file = await openAuditFile({ path: '/dev/full', key: KEY });
    const audit = createAuditTrail({ required: [file], onSinkError: () => {} });
    const issued = {
      ...({ type: 'token.issued', jti: 'j', clientId: 'c', subject: 's', subjectAsserted: false } as const),
      ...{ audience: 'a', scope: '', tokenType: 'service', expiresAt: 1, kid: 'k' },
    };

    expect(await rejectionOf(file.write(recordOf(1)))).toMatchObject({ code: 'ENOSPC' });
    expect(await rejectionOf(audit.record(issued))).toMatchObject({ code: 'ERR_TEMPORARILY_UNAVAILABLE' });
    await file.close();
  });

  test('needs a key of at least 32 bytes', async () => {
    expect(await rejectionOf(openAuditFile({ path, key: KEY.subarray(1) }))).toBeInstanceOf(TypeError);
  });
});

describe('verification detects', () => {
  beforeEach(() => append(6));

  const change = async (edit: (lines: string[]) => string[]): Promise<readonly object[]> => {
    await writeFile(path, `${edit(await linesOf()).join('\n')}\n`);
    return (await verifyAuditFile(path, KEY)).problems;
  };

  test('a changed line', async () => {
    const problems = await change((lines) => lines.map((line) => line.replace('kid-3', 'kid-X')));

    expect(problems).toEqual([{ line: 4, problem: 'altered' }]);
  });

  test('a removed line', async () => {
    expect(await change((lines) => lines.toSpliced(2, 1))).toEqual([{ line: 3, problem: 'gap' }]);
  });

  test('removed lines at the beginning', async () => {
    expect(await change((lines) => lines.slice(2))).toEqual([{ line: 1, problem: 'gap' }]);
  });

  test('two swapped lines', async () => {
    const problems = await change(([a, b, c, ...others]) => [a, c, b, ...others].map(String));

    expect(problems).toEqual([2, 3, 4].map((line) => ({ line, problem: 'gap' })));
  });

  test('an inserted line with any number', async () => {
    const forged = (lines: string[]): string => (lines[5] ?? '').replace('"seq":5', '"seq":6');

    expect(await change((lines) => [...lines, forged(lines)])).toEqual([{ line: 7, problem: 'altered' }]);
  });

  test('lines under another key', async () => {
    const { problems } = await verifyAuditFile(path, Buffer.alloc(32, 8));

    expect(problems).toHaveLength(6);
  });

  test('no removed lines at the end, which it does not promise', async () => {
    expect(await change((lines) => lines.slice(0, 4))).toEqual([]);
  });

  test('no chain copied from another file with the same key, which it does not promise', async () => {
    const copied = await linesOf();
    await rm(path);
    await append(1);

    expect(await change((lines) => [...lines, ...copied.slice(0, 4)])).toEqual([]);
  });
});

describe('passport-jwe audit verify', () => {
  const { directory, run, runJson } = setUpCommandLine();

  const verify = async (...more: string[]) => {
    await writeFile(join(directory(), 'audit.key'), KEY.toString('hex'), { mode: 0o600 });
    return ['audit', 'verify', path, '--key-file', 'audit.key', ...more];
  };

  test('lists the chains of a valid file', async () => {
    await append(3);

    expect(await runJson(await verify())).toMatchObject({
      valid: true,
      chains: [{ records: 3 }],
      problems: [],
    });
  });

  test('names the wrong lines, with exit code 1', async () => {
    await append(3);
    await writeFile(path, (await readFile(path, 'utf8')).replace('kid-1', 'kid-X'));
    const { code, out, notes } = await run(await verify());

    expect(code).toBe(1);
    expect(out).toContain('line 4: altered');
    expect(notes).toContain('has been changed or damaged');
  });

  test('says what a key file must contain', async () => {
    await append(1);
    const args = await verify();
    await writeFile(join(directory(), 'audit.key'), 'short');

    expect(await run(args)).toMatchObject({
      code: 2,
      notes: expect.stringContaining('openssl rand -hex 32'),
    });
  });
});
