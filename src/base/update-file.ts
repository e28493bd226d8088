import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { nameOfFailure } from './name-of-failure.js';
import { type PrivateFile, readPrivateFile } from './read-private-file.js';
import { retry } from './retry.js';
import { DRAFT_ENDING, publishDraft, writeDraft } from './write-file.js';

export interface FileChange {
  /** Whether this is what is to be replaced. It may be asked several times. */
  readonly isExpected: (text: string) => boolean;
  readonly next: string;
}

export interface ReplaceBounds {
  /** Longest wait for others that replace the file too. */
  readonly timeoutMs: number;
  /** A draft that is older belongs to a process that was killed. Where it was only slow, it fails and starts again. */
  readonly staleMs: number;
}

const BOUNDS: ReplaceBounds = { timeoutMs: 10_000, staleMs: 1000 };

/** Longest pause before it looks again. */
const PAUSE_MS = 20;

/**
 * Replaces a file if it holds what is expected, whole or not at all, whoever does the same in other processes; a symbolic
 * link is followed. The directory has to be on a local file system.
 *
 * Each process writes a draft of its own beside the file, and renames it into place only after it has seen that no other
 * draft is there, and then that the file holds what is expected. Of two that do so at once, the one that lists the
 * directory later sees the draft of the other. A draft that a killed process left is removed; would its process live
 * after all, nothing is left for it to rename. So no update is lost, and no lock outlives its holder.
 * @returns `false`, and nothing is written, where the file holds something else.
 * @throws Error where others keep the file busy for too long, or have access to it as `readPrivateFile` says.
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

/** With `trustGroup`, the draft has the group of the file and the access of that group. */
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
 * Waits until no other draft is there. Of several the first by name stays, the others give way.
 * @returns whether this one stayed.
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

/** Removes the stale ones, also those from before the clock was put back. */
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

/** By the clock of the machine, which is that of a local file system. */
async function ageOf(path: string): Promise<number | undefined> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch (failure) {
    if (isMissing(failure)) return undefined;
    throw failure;
  }
}

/** @returns `false` where another process took the draft for stale. */
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
