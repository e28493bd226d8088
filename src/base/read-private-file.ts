import { type BigIntStats, constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** File that contains secrets, with its access policy. */
export interface PrivateFile {
  /** Path of the file. The owner must be the user of this process or root. Other users must have no access (0600). */
  readonly file: string;
  /**
   * Whether to trust the group of the file and its directory, as well as their owner. Modes 0440, 0640 and 0660 are
   * then accepted. Use it for Kubernetes volumes with an `fsGroup`.
   *
   * @default false
   */
  readonly trustGroup?: boolean;
}

/** Content of a private file, and its version. */
export interface PrivateContent {
  readonly text: string;
  /** File version. It changes when the file is written or replaced, or its mode changes. */
  readonly fingerprint: string;
}

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const GROUP_ACCESS = 0o070;
const OTHERS_ACCESS = 0o007;
const STICKY = 0o1000;

/** Maximum file size: 1 MiB, far more than any key file requires. A larger file is probably the wrong one. */
const MAX_BYTES = 1_048_576;

/**
 * Read a file that contains secrets, after checking the owner and mode of the file and its directory. Skip the check
 * on Windows, which has no POSIX modes.
 *
 * @throws Error (as rejection) if other users have access. The message contains the `chmod` or `chown` command to run.
 * @throws Error (as rejection) if the file is not a regular file, is larger than 1 MiB or cannot be read.
 */
export async function readPrivateFile({ file, trustGroup = false }: PrivateFile): Promise<PrivateContent> {
  await assertPrivateDirectory(dirname(file), trustGroup);
  await assertPrivateDirectory(dirname(await realpath(file)), trustGroup);

  // Without O_NONBLOCK, opening a named pipe waits for a writer.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new Error(`${file} is not a regular file: check the path`);
    if (stats.size > MAX_BYTES) throw new Error(`${file} is larger than ${MAX_BYTES} bytes: check the path`);
    assertPrivate(stats, file, trustGroup);
    return { text: await handle.readFile('utf8'), fingerprint: fingerprintOf(stats) };
  } finally {
    await handle.close();
  }
}

/** Assert that other users cannot replace the files of a directory. The sticky bit is sufficient. */
async function assertPrivateDirectory(directory: string, trustGroup: boolean): Promise<void> {
  const stats = await stat(directory, { bigint: true });
  if (!hasModes()) return;
  assertOwner(stats, directory);
  const mode = Number(stats.mode);
  const forbidden = trustGroup ? OTHERS_WRITE : GROUP_WRITES | OTHERS_WRITE;
  if ((mode & forbidden) === 0 || (mode & STICKY) !== 0) return;
  throw new Error(
    `Other users can write to the directory ${directory} (${octal(mode)}): run chmod ${trustGroup ? 'o-w' : 'go-w'} ${directory}`,
  );
}

/** Return the version of a file, or an error code such as `ENOENT`. Never rejects. */
export function fingerprintFile(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(fingerprintOf, (error: NodeJS.ErrnoException) => error.code ?? '');
}

function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

function assertPrivate(stats: BigIntStats, file: string, trustGroup: boolean): void {
  if (!hasModes()) return;
  assertOwner(stats, file);
  const mode = Number(stats.mode);
  if ((mode & (trustGroup ? OTHERS_ACCESS : GROUP_ACCESS | OTHERS_ACCESS)) === 0) return;
  const isGroupAlone = (mode & OTHERS_ACCESS) === 0;
  throw new Error(
    `Other users can read or write ${file} (${octal(mode)}): run chmod ${trustGroup ? '640' : '600'} ${file}` +
      (isGroupAlone ? ', or set trustGroup to true if only this service is in the group of the file' : ''),
  );
}

function assertOwner({ uid }: BigIntStats, path: string): void {
  const self = process.geteuid?.();
  if (uid === 0n || self === undefined || Number(uid) === self) return;
  throw new Error(`${path} belongs to another user (${uid}): run chown ${self} ${path}`);
}

function hasModes(): boolean {
  return process.geteuid !== undefined;
}

function octal(mode: number): string {
  return `mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`;
}
