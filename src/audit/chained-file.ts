import { type FileHandle, open, stat } from 'node:fs/promises';
import { nameOfFailure } from '../base/name-of-failure.js';
import { beginChain, type ChainEnd, type ChainedBatch, followChain } from './chained-lines.js';
import { readTail } from './read-tail.js';

/** File to which the lines of chains are appended. Calls must not overlap. */
export interface ChainedFile {
  /** End of the chain, to which the next batch is appended. */
  end(): ChainEnd;
  /**
   * Append a batch. If this fails, the next batch starts a new chain, which names the torn line.
   *
   * @throws Error (as rejection) if the file cannot be written
   */
  append(batch: ChainedBatch): Promise<void>;
  /** Whether a second has passed since the last check of the path. */
  isCheckDue(): boolean;
  /** Open the file again if it was renamed, removed or truncated. */
  follow(): Promise<void>;
  /**
   * Open the file at the path again. The next batch starts a chain that follows the previous one.
   *
   * @throws Error (as rejection) if the file cannot be opened. The previous file then remains open.
   */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

const CHECK_INTERVAL_MS = 1000;

/**
 * Open a file for chains of lines. The first chain follows the last line of the file.
 *
 * @param durable whether `append()` waits until the lines are on disk
 * @throws Error (as rejection) if the file cannot be opened or read
 */
export async function openChainedFile(path: string, durable: boolean): Promise<ChainedFile> {
  let file = await open(path, 'a', 0o600);
  // The file has at least this size, unless it was truncated.
  let { dev, ino, size } = await file.stat();
  let end = await begin(path, file, size);
  let checkedAt = performance.now();

  const reopen = async (): Promise<void> => {
    // The new file states that the lines of the previous file exist, so these must be on disk first.
    if (!durable && size > 0) await file.datasync();
    const next = await open(path, 'a', 0o600);
    const previous = file;
    file = next;
    const found = await next.stat();
    const isSame = found.dev === dev && found.ino === ino && found.size >= size;
    ({ dev, ino, size } = found);
    // Otherwise, the verification would accept the removal of previous lines of the same file.
    end = followChain(end, { files: isSame ? 0 : 1 });
    await previous.close();
  };

  const append = async ({ bytes, end: next }: ChainedBatch): Promise<void> => {
    let bytesWritten = 0;
    try {
      // One system call, so that lines of different processes cannot interleave. `appendFile` may use several calls.
      ({ bytesWritten } = await file.write(bytes));
      size += bytesWritten;
      if (bytesWritten < bytes.length) {
        throw new Error(
          `Only ${bytesWritten} of ${bytes.length} bytes were written to the audit file: check the free disk space`,
        );
      }
      if (durable) await file.datasync();
      end = next;
    } catch (failure) {
      // Complete lines of the batch may be on disk. They count as not written, so the new chain does not mention them.
      const written = bytes.subarray(0, bytesWritten);
      end = followChain(end, { fragment: written.subarray(written.lastIndexOf('\n') + 1) });
      throw failure;
    }
  };

  return {
    end: () => end,
    append,
    isCheckDue: () => performance.now() - checkedAt >= CHECK_INTERVAL_MS,
    async follow() {
      const found = await statIfPresent(path);
      const isTruncated = found?.isFile() === true && found.size < size;
      if (found?.dev !== dev || found.ino !== ino || isTruncated) await reopen();
      else size = found.size;
      checkedAt = performance.now();
    },
    reopen,
    close: () => file.close(),
  };
}

async function begin(path: string, file: FileHandle, size: number): Promise<ChainEnd> {
  try {
    return beginChain(await readTail(path, size));
  } catch (failure) {
    await file.close();
    throw failure;
  }
}

async function statIfPresent(path: string) {
  try {
    return await stat(path);
  } catch (failure) {
    if (nameOfFailure(failure) === 'ENOENT') return undefined;
    throw failure;
  }
}
