import { randomBytes } from 'node:crypto';
import { open, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type PrivateFile, readPrivateFile } from './read-private-file.js';

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

const DRAFT_ENDING = /\.[0-9a-f]{16}\.draft$/;

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
export async function replaceFile(
  place: PrivateFile,
  change: FileChange,
  { timeoutMs, staleMs } = BOUNDS,
): Promise<boolean> {
  const target = { ...place, file: await realpath(place.file) };
  const deadline = performance.now() + timeoutMs;
  const isExpected = async (): Promise<boolean> => change.isExpected((await readPrivateFile(target)).text);
  while (performance.now() < deadline) {
    if (!(await isExpected())) return false;
    const draft = await writeDraft(target, change.next);
    try {
      if (await becomesOnly(draft, { deadline, staleMs })) {
        if (!(await isExpected())) return false;
        if (await putInPlace(draft, target.file)) return true;
      }
    } finally {
      await rm(draft, { force: true });
    }
    await wait(Math.random() * PAUSE_MS);
  }
  throw new Error(`${place.file} was not replaced: other processes kept it busy for ${timeoutMs} ms`);
}

/** Beside the file, since a rename is atomic only within one file system. On disk before it is of use. */
async function writeDraft({ file, trustGroup = false }: PrivateFile, text: string): Promise<string> {
  const path = join(dirname(file), `.${basename(file)}.${randomBytes(8).toString('hex')}.draft`);
  const replaced = await stat(file);
  const handle = await open(path, 'wx', 0o600);
  try {
    if (trustGroup) {
      const { uid, gid } = await handle.stat();
      if (gid !== replaced.gid) await handle.chown(uid, replaced.gid);
      await handle.chmod((replaced.mode & 0o660) | 0o600);
    }
    await handle.writeFile(text);
    await handle.sync();
    return path;
  } catch (failure) {
    await rm(path, { force: true });
    throw failure;
  } finally {
    await handle.close();
  }
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
    await rename(draft, file);
  } catch (failure) {
    if (isMissing(failure)) return false;
    throw failure;
  }
  await syncDirectory(dirname(file));
  return true;
}

function isMissing(failure: unknown): boolean {
  return typeof failure === 'object' && failure !== null && Reflect.get(failure, 'code') === 'ENOENT';
}

/** The new name is on disk only then. Windows knows no such thing. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
