import { type BigIntStats, constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file of secrets, and who may have access to it beside its owner. */
export interface PrivateFile {
  /** Its path. It belongs to the user of this process or to root, and nobody else can read or write it (mode 0600). */
  readonly file: string;
  /**
   * Whether the group of the file and of its directory is trusted like their owner: 0440, 0640 and 0660 are right too.
   * For volumes to which Kubernetes applies an `fsGroup`. Default false.
   */
  readonly trustGroup?: boolean;
}

export interface PrivateContent {
  readonly text: string;
  /** Differs from what it was whenever the file was written, replaced or given another mode. */
  readonly fingerprint: string;
}

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const GROUP_ACCESS = 0o070;
const OTHERS_ACCESS = 0o007;
const STICKY = 0o1000;

/** Far beyond any set of keys; what is larger is another file. */
const MAX_BYTES = 1_048_576;

/**
 * Reads a file of secrets. Its mode, and who can put another file in its place, are checked; not on Windows, whose modes
 * say nothing.
 * @throws Error where others have access, with the `chmod` or `chown` that is needed, and where it is no regular file.
 * @throws what the file system says.
 */
export async function readPrivateFile({ file, trustGroup = false }: PrivateFile): Promise<PrivateContent> {
  await assertPrivateDirectory(dirname(file), trustGroup);
  await assertPrivateDirectory(dirname(await realpath(file)), trustGroup);

  // Without O_NONBLOCK the opening of a named pipe waits for somebody who writes to it.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat({ bigint: true });
    if (!stats.isFile()) throw new Error(`${file} is no regular file`);
    if (stats.size > MAX_BYTES) throw new Error(`${file} is larger than ${MAX_BYTES} bytes`);
    assertPrivate(stats, file, trustGroup);
    return { text: await handle.readFile('utf8'), fingerprint: fingerprintOf(stats) };
  } finally {
    await handle.close();
  }
}

/** Whoever can write in a directory can put files of their own in place, but for one with the sticky bit. */
async function assertPrivateDirectory(directory: string, trustGroup: boolean): Promise<void> {
  const stats = await stat(directory, { bigint: true });
  if (!hasModes()) return;
  assertOwner(stats, directory);
  const mode = Number(stats.mode);
  const forbidden = trustGroup ? OTHERS_WRITE : GROUP_WRITES | OTHERS_WRITE;
  if ((mode & forbidden) === 0 || (mode & STICKY) !== 0) return;
  throw new Error(
    `Others can write to the directory ${directory} (${octal(mode)}): chmod ${trustGroup ? 'o-w' : 'go-w'} ${directory}`,
  );
}

/** @returns a text that differs from state to state of the file, also where it is absent; it never fails. */
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
    `Others can read or write ${file} (${octal(mode)}): chmod ${trustGroup ? '640' : '600'} ${file}` +
      (isGroupAlone ? ', or trustGroup where its group is that of this service alone' : ''),
  );
}

function assertOwner({ uid }: BigIntStats, path: string): void {
  const self = process.geteuid?.();
  if (uid === 0n || self === undefined || Number(uid) === self) return;
  throw new Error(`${path} belongs to another user (${uid}): chown ${self} ${path}`);
}

function hasModes(): boolean {
  return process.geteuid !== undefined;
}

function octal(mode: number): string {
  return `mode ${(mode & 0o7777).toString(8).padStart(4, '0')}`;
}
