import {
  closeSync,
  constants,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** State of a store, recorded in its generation file. */
export interface GenerationMark {
  /** ID of the current generation. Absent until the first generation is confirmed. */
  readonly generation?: string;
  /** Lower bound of the number of committed transactions. */
  readonly writes: number;
  /** ID of the generation that is being started. After a crash, the store has this generation or the previous one. */
  readonly pending?: string;
}

/** A small file outside the data file of a store. It reveals whether the store was reset to an earlier state. */
export interface GenerationFile {
  readonly path: string;
  /** Read the mark. Return `undefined` if the file does not exist or has no valid mark. */
  read(): GenerationMark | undefined;
  /**
   * Overwrite the mark in place.
   *
   * @param isSynced whether to sync the file to disk. Without a sync, the number of transactions may be too low after a
   *   power loss, which is harmless.
   */
  write(mark: GenerationMark, isSynced: boolean): void;
}

/** Fixed length of a mark in bytes. An update therefore needs no disk space and writes a single sector. */
const LENGTH = 256;

/** File name of a generation file inside the store directory. */
const INSIDE = 'generation';

const NOT_WRITABLE: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Find the generation file of a store. The default path is `<store>.generation`, because a restore of the directory
 * does not overwrite it. If the parent is read-only, or the directory is a mount point, the default path is
 * `<store>/generation`. The parent of a mount point may belong to an ephemeral container.
 *
 * @param store existing directory of the store.
 * @param configured path from the option `generationFile`; default: the default path.
 */
export function findGenerationFile(store: string, configured: string | undefined): GenerationFile {
  const places = placesOf(store, configured).map(generationFile);
  const found =
    places.find((place) => place.read() !== undefined) ?? places.find(isCreatable) ?? places.at(-1);
  return found ?? generationFile(join(store, INSIDE));
}

function placesOf(store: string, configured: string | undefined): readonly string[] {
  if (configured !== undefined) return [resolve(configured)];
  const directory = realpathSync(store);
  const parent = dirname(directory);
  const isMountPoint = directory === parent || statSync(directory).dev !== statSync(parent).dev;
  return [...(isMountPoint ? [] : [`${directory}.generation`]), join(directory, INSIDE)];
}

/** Whether the file can be created. Open it, because access rights do not reveal a read-only file system. */
function isCreatable({ path }: GenerationFile): boolean {
  try {
    closeSync(openForWriting(path));
    return true;
  } catch (cause) {
    if (NOT_WRITABLE.has(Reflect.get(Object(cause), 'code'))) return false;
    throw cause;
  }
}

function generationFile(path: string): GenerationFile {
  return {
    path,
    read: () => readMark(path),
    write(mark, isSynced) {
      const file = openForWriting(path);
      try {
        writeSync(file, `${JSON.stringify(mark).padEnd(LENGTH - 1)}\n`, 0);
        if (isSynced) fsyncSync(file);
      } finally {
        closeSync(file);
      }
      if (isSynced) syncDirectory(dirname(path));
    },
  };
}

function openForWriting(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
}

/** Sync a directory to disk. Otherwise, a new file in it could be lost after a power loss. */
function syncDirectory(path: string): void {
  if (process.platform === 'win32') return;
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function readMark(path: string): GenerationMark | undefined {
  try {
    const mark: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isMark(mark) ? mark : undefined;
  } catch (cause) {
    if (cause instanceof SyntaxError || Reflect.get(Object(cause), 'code') === 'ENOENT') return undefined;
    throw cause;
  }
}

function isMark(value: unknown): value is GenerationMark {
  if (typeof value !== 'object' || value === null) return false;
  const { generation, writes, pending }: { generation?: unknown; writes?: unknown; pending?: unknown } =
    value;
  const areIds = [generation, pending].every((id) => id === undefined || typeof id === 'string');
  return areIds && Number.isSafeInteger(writes);
}
