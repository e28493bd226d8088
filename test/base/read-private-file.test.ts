import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fingerprintFile, readPrivateFile } from '../../src/base/read-private-file.js';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { secretOf } from '../support/tokens.js';

let directory = '';
let file = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-private-'));
  file = join(directory, 'key');
  await writeFile(file, secretOf(1).toString('hex'), { mode: 0o600 });
});

afterEach(() => rm(directory, { recursive: true }));

const NOBODY = 65_534;

/** Only root can give files to others, and become somebody else. */
const testAsRoot = process.geteuid?.() === 0 ? test : test.skip;

async function asNobody<Result>(run: () => Promise<Result>): Promise<Result> {
  process.seteuid?.(NOBODY);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}

describe('the mode of a file', () => {
  test.each([0o600, 0o400, 0o700])('may be %o', async (mode) => {
    await chmod(file, mode);

    expect((await readPrivateFile({ file })).text).toBe(secretOf(1).toString('hex'));
  });

  test.each([0o644, 0o604, 0o602, 0o606, 0o666, 0o601])(
    'must not be %o, and the message says what to do',
    async (mode) => {
      await chmod(file, mode);
      const message = `Other users can read or write ${file} (mode 0${mode.toString(8)}): run chmod 600 ${file}`;

      await expect(readPrivateFile({ file })).rejects.toEqual(new Error(message));
    },
  );

  test.each([0o640, 0o440, 0o660, 0o620])('may be %o only if the group is trusted', async (mode) => {
    await chmod(file, mode);

    await expect(readPrivateFile({ file })).rejects.toThrow(
      /: run chmod 600 .*, or set trustGroup to true if only this service is in the group of the file$/,
    );
    expect((await readPrivateFile({ file, trustGroup: true })).text).toHaveLength(64);
  });

  test.each([0o644, 0o662, 0o441])('must not be %o even if the group is trusted', async (mode) => {
    await chmod(file, mode);

    await expect(readPrivateFile({ file, trustGroup: true })).rejects.toThrow(`: run chmod 640 ${file}`);
  });

  test('is checked at the target of a symbolic link', async () => {
    await chmod(file, 0o644);
    await symlink(file, join(directory, 'link'));

    await expect(readPrivateFile({ file: join(directory, 'link') })).rejects.toThrow(/chmod 600/);
  });

  test('is also checked for the key files of a ring', async () => {
    await chmod(file, 0o640);

    await expect(createKeyRing({ current: { file } })).rejects.toThrow(`chmod 600 ${file}`);
    expect((await createKeyRing({ current: { file, trustGroup: true } })).previous).toEqual([]);
  });
});

describe('the owner of a file', () => {
  testAsRoot('must be the user of the process, or root', async () => {
    await chown(file, NOBODY, NOBODY);

    await expect(readPrivateFile({ file })).rejects.toEqual(
      new Error(`${file} belongs to another user (65534): run chown 0 ${file}`),
    );
  });

  testAsRoot('may be the user of the process, if that is not root', async () => {
    await chown(directory, NOBODY, NOBODY);
    await chown(file, NOBODY, NOBODY);

    expect((await asNobody(() => readPrivateFile({ file }))).text).toHaveLength(64);
  });

  testAsRoot('may be root, even if the process has another user', async () => {
    await chmod(directory, 0o755);
    await chmod(file, 0o640);

    expect((await asNobody(() => readPrivateFile({ file, trustGroup: true }))).text).toHaveLength(64);
  });
});

describe('the directory of a file', () => {
  test.each([0o770, 0o707, 0o777])('must not be writable by other users: %o', async (mode) => {
    await chmod(directory, mode);

    await expect(readPrivateFile({ file })).rejects.toEqual(
      new Error(
        `Other users can write to the directory ${directory} (mode 0${mode.toString(8)}): run chmod go-w ${directory}`,
      ),
    );
  });

  test('may be writable by others with the sticky bit, as for a Kubernetes secret', async () => {
    await chmod(directory, 0o1777);

    expect((await readPrivateFile({ file })).text).toHaveLength(64);
  });

  test('may be writable by the group if it is trusted', async () => {
    await chmod(directory, 0o2775);

    expect((await readPrivateFile({ file, trustGroup: true })).text).toHaveLength(64);
  });

  test('must not be writable by all even if the group is trusted', async () => {
    await chmod(directory, 0o777);

    await expect(readPrivateFile({ file, trustGroup: true })).rejects.toThrow(/: run chmod o-w /);
  });

  test('is checked at the target of a symbolic link', async () => {
    const open = join(directory, 'open');
    await mkdir(open);
    await chmod(open, 0o777);
    await writeFile(join(open, 'key'), 'text', { mode: 0o600 });
    await symlink(join(open, 'key'), join(directory, 'link'));

    await expect(readPrivateFile({ file: join(directory, 'link') })).rejects.toThrow(`chmod go-w ${open}`);
  });

  testAsRoot('must belong to the user of the process, or to root', async () => {
    await chown(directory, NOBODY, NOBODY);

    await expect(readPrivateFile({ file })).rejects.toThrow(`${directory} belongs to another user (65534)`);
  });
});

describe('a path that is not a key file', () => {
  test('is rejected if it is a named pipe, without waiting for a writer', async () => {
    const pipe = join(directory, 'pipe');
    await promisify(execFile)('mkfifo', ['-m', '600', pipe]);

    await expect(readPrivateFile({ file: pipe })).rejects.toThrow(`${pipe} is not a regular file`);
  });

  test('is rejected if it is a directory', async () => {
    await expect(readPrivateFile({ file: directory })).rejects.toThrow(
      /is not a regular file: check the path$/,
    );
  });

  test('is rejected if it is too large', async () => {
    await truncate(file, 1_048_576);
    expect((await readPrivateFile({ file })).text).toHaveLength(1_048_576);
    await truncate(file, 1_048_577);

    await expect(readPrivateFile({ file })).rejects.toThrow(/is larger than 1048576 bytes: check the path$/);
  });

  test('yields the file system error if it does not exist', async () => {
    await expect(readPrivateFile({ file: join(directory, 'absent') })).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});

test('the fingerprint matches the file that was read, and changes with its mode', async () => {
  const { fingerprint } = await readPrivateFile({ file });
  expect(await fingerprintFile(file)).toBe(fingerprint);
  await chmod(file, 0o400);

  expect(await fingerprintFile(file)).not.toBe(fingerprint);
});

test('the fingerprint of an absent file is its error code', async () => {
  expect(await fingerprintFile(join(directory, 'absent'))).toBe('ENOENT');
});
