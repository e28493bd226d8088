import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { nameOfFailure } from './name-of-failure.js';
import { type PrivateFile, readPrivateFile } from './read-private-file.js';
import { retry } from './retry.js';
import { DRAFT_ENDING, publishDraft, writeDraft } from './write-file.js';

export interface FileChange {
  /** Whether the content may be replaced. May be called several times. */
  readonly isExpected: (text: string) => boolean;
  readonly next: string;
}

export interface ReplaceBounds {
  /** Maximum time to wait for other processes that replace the file. */
  readonly timeoutMs: number;
  /** Age from which a draft counts as left by a killed process. A process that was only slow retries. */
  readonly staleMs: number;
}

const BOUNDS: ReplaceBounds = { timeoutMs: 10_000, staleMs: 1000 };

/** Maximum pause before a retry. */
const PAUSE_MS = 20;

/**
 * Replaces a file atomically if it has the expected content, also if several processes do so at once. Symbolic links are
 * followed. The directory must be on a local file system.
 *
 * Each process writes its own draft beside the file. It renames the draft over the file only after it has found no other
 * draft and then the expected content. Of two processes, the one that lists the directory later finds the other draft.
 * The draft of a killed process is removed. If that process was only slow, its rename fails. So no update is lost, and no
 * lock outlives its holder.
 *
 * @returns `false` if the file has other content. Nothing is written then.
 * @throws Error (as rejection) if other processes keep the file busy until the timeout, and as `readPrivateFile` does.
 */
export async function updateFile(
  place: PrivateFile,
  change: FileChange,
  { timeoutMs, staleMs } = BOUNDS,
): Promise<boolean> {
  const target = { ...place, file: await realpath(place.file) };
  const deadline = performance.now() + timeoutMs;
  const busy = new Error(`${place.file} was not replaced: other processes kept it busy for ${timeoutMs} ms`);
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

/** With `trustGroup`, the draft gets the group of the file and its group permissions. */
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
 * Waits until there is no other draft. Of several drafts, the first by name wins.
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

/** Lists the other drafts and removes stale ones, including drafts from before the system time was set back. */
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

/** Uses the system time, which is also the time of a local file system. */
async function ageOf(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (failure) {
    if (isMissing(failure)) return undefined;
    throw failure;
  }
}

/** @returns `false` if another process removed the draft as stale. */
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
