import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { nameOfFailure } from './name-of-failure.js';
import { type PrivateFile, readPrivateFile } from './read-private-file.js';
import { retry } from './retry.js';
import { DRAFT_ENDING, publishDraft, writeDraft } from './write-file.js';

/** Expected and new content of a file. */
export interface FileChange {
  /** Return whether to replace this content. Called several times. */
  readonly isExpected: (text: string) => boolean;
  /** New content. */
  readonly next: string;
}

/** Time limits of `updateFile`. */
export interface ReplaceBounds {
  /** Maximum time to wait for other processes that are replacing the file, in milliseconds. */
  readonly timeoutMs: number;
  /** Age after which a draft counts as abandoned, in milliseconds. A process that was only slow then retries. */
  readonly staleMs: number;
}

const BOUNDS: ReplaceBounds = { timeoutMs: 10_000, staleMs: 1000 };

/** Maximum pause before a retry, in milliseconds. */
const PAUSE_MS = 20;

/**
 * Atomically replaces a file that has the expected content, even if several processes do so at once. Follow symbolic
 * links. The directory must be on a local file system.
 *
 * Each process writes a draft next to the file. The process renames its draft over the file only if no other draft
 * exists and the file still has the expected content. Of two processes, the later one to list the directory finds
 * the other draft. Abandoned drafts are removed. If the process of a removed draft was only slow, the rename fails.
 * Therefore no update is lost, and a killed process leaves no lock behind.
 *
 * @returns `false` if the file has different content and was not replaced.
 * @throws Error (as rejection) if other processes are still replacing the file after `timeoutMs`.
 * @throws Error (as rejection) if `readPrivateFile()` rejects the file.
 */
export async function updateFile(
  place: PrivateFile,
  change: FileChange,
  { timeoutMs, staleMs } = BOUNDS,
): Promise<boolean> {
  const target = { ...place, file: await realpath(place.file) };
  const deadline = performance.now() + timeoutMs;
  const busy = new Error(
    `${place.file} was not replaced, because other processes were replacing it for ${timeoutMs} ms: retry later`,
  );
  const isExpected = async (): Promise<boolean> => change.isExpected((await readPrivateFile(target)).text);
  const attempt = async (): Promise<boolean> => {
    if (!(await isExpected())) return false;
    const draft = await draftFor(target, change.next);
    try {
      if (await becomesOnly(draft, { deadline, staleMs })) {
        if (!(await isExpected())) return false;
        if (await putInPlace(draft, target.file)) return true;
      }
    } finally {
      await rm(draft, { force: true });
    }
    throw busy;
  };
  return retry(attempt, {
    firstPauseMs: PAUSE_MS,
    hasJitter: true,
    timeoutMs,
    isRetryable: (failure) => failure === busy,
    keepsAlive: true,
  });
}

/** Write a draft. With `trustGroup`, the draft inherits the group and the group permissions of the file. */
async function draftFor({ file, trustGroup = false }: PrivateFile, text: string): Promise<string> {
  const replaced = await stat(file);
  return writeDraft(file, text, async (draft) => {
    if (!trustGroup) return;
    const { uid, gid } = await draft.stat();
    if (gid !== replaced.gid) await draft.chown(uid, replaced.gid);
    await draft.chmod((replaced.mode & 0o660) | 0o600);
  });
}

/**
 * Wait until no other draft exists. Of several drafts, the first by name wins.
 *
 * @returns whether this draft won.
 */
async function becomesOnly(draft: string, bounds: { deadline: number; staleMs: number }): Promise<boolean> {
  while (performance.now() < bounds.deadline) {
    const others = await findOtherDrafts(draft, bounds.staleMs);
    if (others.length === 0) return true;
    if (others.some((other) => other < draft)) return false;
    await wait(Math.random() * PAUSE_MS);
  }
  return false;
}

/** List the other drafts and remove stale ones. Drafts with a future date are stale: the system time was set back. */
async function findOtherDrafts(draft: string, staleMs: number): Promise<readonly string[]> {
  const directory = dirname(draft);
  const [own, stem] = [basename(draft), basename(draft).replace(DRAFT_ENDING, '')];
  const names = (await readdir(directory)).filter(
    (name) => name !== own && DRAFT_ENDING.test(name) && name.replace(DRAFT_ENDING, '') === stem,
  );
  const others: string[] = [];
  for (const path of names.map((name) => join(directory, name))) {
    const ageMs = await ageOf(path);
    if (ageMs === undefined) continue;
    if (Math.abs(ageMs) > staleMs) await rm(path, { force: true });
    else others.push(path);
  }
  return others;
}

/** Return the age of a file in milliseconds, or `undefined` if it is missing. Assume a local file system. */
async function ageOf(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (failure) {
    if (isMissing(failure)) return undefined;
    throw failure;
  }
}

/** Rename the draft over the file. @returns `false` if another process removed the draft as stale. */
async function putInPlace(draft: string, file: string): Promise<boolean> {
  try {
    await publishDraft(draft, file);
    return true;
  } catch (failure) {
    if (isMissing(failure)) return false;
    throw failure;
  }
}

function isMissing(failure: unknown): boolean {
  return nameOfFailure(failure) === 'ENOENT';
}
