import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** File name suffix of a draft. */
export const DRAFT_ENDING = /\.[0-9a-f]{16}\.draft$/;

/**
 * Create a file, and its directory if necessary. Resolve once the file is on disk.
 *
 * @param mode 0o600 for secrets, or 0o644 for public content.
 * @throws Error (as rejection) if the file exists. Existing files are never overwritten.
 */
export async function createFile(file: string, text: string, mode: 0o600 | 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeNew(file, text, mode).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EEXIST'
      ? new Error(`${file} already exists and was not overwritten: choose another path`)
      : cause;
  });
  await syncDirectory(dirname(file));
}

/**
 * Create a file or replace it atomically, with mode 0600. Readers see either the old or the new content, even after a
 * crash. Resolve once the new content is on disk.
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
 * Write a draft next to a file, because a rename is atomic only within one file system. Resolve once the draft is on
 * disk, with mode 0600 unless `prepare` changes the mode.
 *
 * @param prepare sets the owner and mode of the empty draft.
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

/** Rename a draft over its file. Resolve once the rename is on disk. */
export async function publishDraft(draft: string, file: string): Promise<void> {
  await rename(draft, file);
  await syncDirectory(dirname(file));
}

/** Write a new file and flush it to disk. Remove the file if writing fails. */
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

/** Flush new directory entries to disk. Windows does not support this operation. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
