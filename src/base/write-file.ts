import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Suffix of the name of a draft. */
export const DRAFT_ENDING = /\.[0-9a-f]{16}\.draft$/;

/**
 * Creates a file, and its directory if necessary. The file is on disk once this resolves.
 *
 * @param mode 0o600 for secrets.
 * @throws Error (as rejection) if the file exists: it is never overwritten.
 */
export async function createFile(file: string, text: string, mode: 0o600 | 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeNew(file, text, mode).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EEXIST'
      ? new Error(`${file} already exists and is not overwritten: choose another path`)
      : cause;
  });
  await syncDirectory(dirname(file));
}

/**
 * Replaces a file, or creates it, with mode 0600. Readers find the old content or the new one, also after a crash. The
 * new content is on disk once this resolves.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  const draft = await writeDraft(file, text);
  try {
    await publishDraft(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Writes a draft beside a file, since a rename is atomic only within one file system. The draft is on disk once this
 * resolves. Its mode is 0600.
 *
 * @param prepare sets the owner and the mode of the draft while it is empty.
 * @returns the path of the draft.
 */
export async function writeDraft(
  file: string,
  text: string,
  prepare?: (draft: FileHandle) => Promise<void>,
): Promise<string> {
  const draft = join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}.draft`);
  await writeNew(draft, text, 0o600, prepare);
  return draft;
}

/** Renames a draft over its file. */
export async function publishDraft(draft: string, file: string): Promise<void> {
  await rename(draft, file);
  await syncDirectory(dirname(file));
}

/** Leaves no file behind if it fails. */
async function writeNew(
  path: string,
  text: string,
  mode: number,
  prepare?: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await prepare?.(file);
    await file.writeFile(text);
    await file.sync();
  } catch (failure) {
    await rm(path, { force: true });
    throw failure;
  } finally {
    await file.close();
  }
}

/** Flushes new directory entries to disk. Windows has no such operation. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
