import { appendFile, copyFile, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type AuditFile, type AuditRecord, openAuditFile, verifyAuditFile } from 'passport-jwe/audit';
import { rejectionOf } from '../support/caught.js';
import { setUpCommandLine } from '../support/command-line.js';

const KEY = Buffer.alloc(32, 7);
let home = '';
let path = '';
let file: AuditFile;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-audit-'));
  path = join(home, 'audit.jsonl');
  file = await openAuditFile({ path, key: KEY });
});

afterEach(async () => {
  await file.close();
  await rm(home, { recursive: true });
});

const recordOf = (kid: string): AuditRecord => ({
  type: 'key_ring.retired',
  kid,
  time: '2030-01-01T00:00:00Z',
});

const write = (...kids: string[]) => Promise.all(kids.map((kid) => file.write(recordOf(kid))));

const old = (number: number): string => `${path}.${number}`;

/** Renames the file as logrotate does in the mode `create`, and opens the file again. */
async function rotate(number: number): Promise<void> {
  await rename(path, old(number));
  await file.reopen();
}

async function readKids(name: string): Promise<readonly string[]> {
  const lines = (await readFile(name, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line).record.kid);
}

/** Writes records until one of them is in a new file at the path. */
async function writeUntilFollowed(): Promise<void> {
  for (let number = 0; ; number += 1) {
    await write(`waiting-${number}`);
    const kids = await readKids(path).catch((): readonly string[] => []);
    if (kids.at(-1) === `waiting-${number}` && !kids.includes('before')) return;
  }
}

/** Has the sink check the path before its next record, as if a second had passed. */
function passSecond(): void {
  const later = performance.now() + 1000;
  jest.spyOn(performance, 'now').mockReturnValueOnce(later);
}

/** Writes three files with two records each. */
async function writeThreeFiles(): Promise<readonly string[]> {
  await write('a', 'b');
  await rotate(1);
  await write('c', 'd');
  await rotate(2);
  await write('e', 'f');
  return [old(1), old(2), path];
}

/** Replaces the lines of a file that contain the text. */
async function edit(name: string, text: string, replacement: string): Promise<void> {
  const lines = (await readFile(name, 'utf8')).split('\n');
  await writeFile(name, lines.map((line) => (line.includes(text) ? replacement : line)).join('\n'));
}

describe('a rotated audit file', () => {
  test('receives further records after reopen()', async () => {
    await write('a');
    await rotate(1);
    await write('b');

    expect([await readKids(old(1)), await readKids(path)]).toEqual([['a'], ['b']]);
  });

  test('is followed without reopen() within a second', async () => {
    await write('before');
    await rename(path, old(1));
    await writeUntilFollowed();

    expect(await verifyAuditFile([old(1), path], KEY)).toMatchObject({ verdict: 'valid' });
  });

  test('is followed although another process has already written a longer file', async () => {
    await write('a');
    await rename(path, old(1));
    const other = await openAuditFile({ path, key: KEY });
    await other.write(recordOf('x'.repeat(1000)));
    passSecond();
    await write('b');
    await other.close();

    expect(await readKids(old(1))).toEqual(['a']);
    expect(await verifyAuditFile([old(1), path], KEY)).toMatchObject({ verdict: 'valid' });
  });

  test('is valid after copytruncate between two records, alone and together with its copy', async () => {
    await write('a', 'b');
    await copyFile(path, old(1));
    await truncate(path, 0);
    passSecond();
    await write('c');

    expect(await readKids(path)).toEqual(['c']);
    expect(await verifyAuditFile(path, KEY)).toMatchObject({ verdict: 'valid' });
    expect(await verifyAuditFile([old(1), path], KEY)).toMatchObject({ verdict: 'valid' });
  });

  test('reports lines that were cut off the end of the file during operation', async () => {
    await write('kept');
    const { length } = await readFile(path);
    await write('removed');
    await truncate(path, length);
    passSecond();
    await write('later');

    expect(await verifyAuditFile(path, KEY)).toMatchObject({
      verdict: 'tampered',
      problems: [{ problem: 'gap' }],
    });
  });

  test('reports a removed chain before reopen() of the same file', async () => {
    await write('removed');
    const { length } = await readFile(path);
    await file.reopen();
    await write('later');
    await writeFile(path, (await readFile(path)).subarray(length));

    expect(await verifyAuditFile(path, KEY)).toMatchObject({
      verdict: 'tampered',
      problems: [{ problem: 'gap' }],
    });
  });

  test('is valid together with the files before it', async () => {
    const { verdict, chains, problems } = await verifyAuditFile(await writeThreeFiles(), KEY);

    expect([verdict, problems]).toEqual(['valid', []]);
    expect(chains.map(({ follows }) => follows)).toEqual([undefined, chains[0]?.chain, chains[1]?.chain]);
  });

  test('is valid without the oldest files, which were deleted', async () => {
    const files = await writeThreeFiles();

    expect(await verifyAuditFile(files.slice(1), KEY)).toMatchObject({ verdict: 'valid' });
    expect(await verifyAuditFile(path, KEY)).toMatchObject({ verdict: 'valid' });
  });

  test('reports a missing middle file, which is not tampering', async () => {
    await writeThreeFiles();

    expect(await verifyAuditFile([old(1), path], KEY)).toMatchObject({
      isValid: false,
      verdict: 'incomplete',
      problems: [{ file: path, line: 2, problem: 'missing_file' }],
    });
  });

  test('reports lines that were removed from the end of the previous file', async () => {
    const files = await writeThreeFiles();
    await edit(old(2), '"kid":"d"', '');

    expect(await verifyAuditFile(files, KEY)).toMatchObject({
      verdict: 'tampered',
      problems: [{ file: path, line: 2, problem: 'gap' }],
    });
  });

  test('reports files in the wrong order', async () => {
    await writeThreeFiles();

    expect(await verifyAuditFile([old(1), path, old(2)], KEY)).toMatchObject({ verdict: 'incomplete' });
  });

  test('keeps its order if records are pending during reopen()', async () => {
    await write('a');
    await rename(path, old(1));
    await Promise.all([write('b'), file.reopen(), write('c')]);

    expect([...(await readKids(old(1))), ...(await readKids(path))]).toEqual(['a', 'b', 'c']);
    expect(await verifyAuditFile([old(1), path], KEY)).toMatchObject({ verdict: 'valid' });
  });

  test('follows the last record across two rotations without a record', async () => {
    await write('a');
    await rotate(1);
    await rotate(2);
    await write('b');

    expect(await verifyAuditFile([old(1), old(2), path], KEY)).toMatchObject({ verdict: 'valid' });
    expect(await verifyAuditFile([old(2), path], KEY)).toMatchObject({ verdict: 'valid' });
  });

  test('keeps the previous file if reopen() fails', async () => {
    await write('a');
    await rename(home, `${home}-moved`);
    const failure = await rejectionOf(file.reopen());
    await rename(`${home}-moved`, home);
    await write('b');

    expect(failure).toMatchObject({ code: 'ENOENT' });
    expect(await readKids(path)).toEqual(['a', 'b']);
  });

  test('reports records that copytruncate lost', async () => {
    await write('before', 'copied');
    await copyFile(path, old(1));
    await write('lost');
    await truncate(path, 0);
    await writeUntilFollowed();

    expect(await verifyAuditFile([old(1), path], KEY)).toMatchObject({
      verdict: 'tampered',
      problems: [{ file: path, problem: 'gap' }],
    });
  });
});

describe('an audit file after a restart', () => {
  const restart = async (): Promise<void> => {
    await file.close();
    file = await openAuditFile({ path, key: KEY });
  };

  test('follows the last line before the restart', async () => {
    await write('a', 'b');
    await restart();
    await write('c');
    const { verdict, chains } = await verifyAuditFile(path, KEY);

    expect(verdict).toBe('valid');
    expect(chains[1]?.follows).toBe(chains[0]?.chain);
  });

  test('names the torn line with its length and digest', async () => {
    await write('a');
    await appendFile(path, '{"chain":"half é'.slice(0, -1));
    await restart();
    await write('b');
    const last = (await readFile(path, 'utf8')).trimEnd().split('\n').at(-1) ?? '';

    expect(JSON.parse(last)).toMatchObject({
      after: { seq: 0, torn: [{ bytes: 15, sha256: expect.stringMatching(/^[\w-]{43}$/) }] },
    });
    expect(await verifyAuditFile(path, KEY)).toMatchObject({ verdict: 'torn' });
  });

  test('is tampered with if the named torn line was changed', async () => {
    await write('a');
    await appendFile(path, '{"chain":"half');
    await restart();
    await write('b');
    await edit(path, 'half', '{"chain":"hulf');

    expect(await verifyAuditFile(path, KEY)).toMatchObject({
      verdict: 'tampered',
      problems: [{ line: 3, problem: 'unreadable' }],
    });
  });

  test('reports lines before the restart that were removed later', async () => {
    await write('a', 'b', 'c');
    await restart();
    await write('d');
    await edit(path, '"kid":"c"', '');

    expect(await verifyAuditFile(path, KEY)).toMatchObject({
      verdict: 'tampered',
      problems: [{ problem: 'gap' }],
    });
  });

  test.each([1, 9, 20, 50, 120, 200])('reports a line that lacks its last %i bytes as torn', async (cut) => {
    await write('a');
    const whole = await readFile(path);
    await write('b'.repeat(100));
    const { length } = await readFile(path);
    await truncate(path, Math.max(whole.length + 2, length - 1 - cut));
    const before = await verifyAuditFile(path, KEY);
    await restart();
    await write('c');
    const after = await verifyAuditFile(path, KEY);

    expect([before.verdict, after.verdict]).toEqual(['torn', 'torn']);
    expect(after.problems).toHaveLength(1);
  });
});

describe('passport-jwe audit verify, with rotated files', () => {
  const { directory, run, runJson } = setUpCommandLine();

  const verify = async (...files: readonly string[]) => {
    await writeFile(join(directory(), 'audit.key'), KEY.toString('hex'), { mode: 0o600 });
    return ['audit', 'verify', ...files, '--key-file', 'audit.key'];
  };

  test('verifies all files as one log', async () => {
    expect(await runJson(await verify(...(await writeThreeFiles())))).toMatchObject({ verdict: 'valid' });
  });

  test('names the file after a missing file, with exit code 3', async () => {
    await writeThreeFiles();
    const { code, out, notes } = await run(await verify(old(1), path));

    expect(code).toBe(3);
    expect(out).toContain(`${path}: line 2: missing_file`);
    expect(notes).toContain('A file is missing');
  });

  test('reports a torn line with exit code 4', async () => {
    await write('a');
    await appendFile(path, '{"chain":"ab');
    const { code, out, notes } = await run(await verify(path));

    expect(code).toBe(4);
    expect(out).toContain('line 3: torn');
    expect(notes).toContain('A crash or a full disk cut off');
  });
});
