import { type FileHandle, open } from 'node:fs/promises';
import { type ChainLink, describeTorn, readChainedLine } from './chained-lines.js';

/** Number of bytes to read first, and the maximum. */
const FIRST_BYTES = 64 * 1024;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Find the last complete line of an audit file, and the torn line after it, if any.
 *
 * @param size size of the file in bytes
 */
export async function readTail(path: string, size: number): Promise<ChainLink> {
  if (size === 0) return {};
  const file = await open(path, 'r');
  try {
    for (let length = FIRST_BYTES; ; length *= 16) {
      const start = Math.max(0, size - length);
      const link = parseTail(await readFrom(file, { start, size }), start === 0);
      if (link !== undefined) return link;
      if (length >= MAX_BYTES) return {};
    }
  } finally {
    await file.close();
  }
}

async function readFrom(
  file: FileHandle,
  { start, size }: { readonly start: number; readonly size: number },
): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  return buffer.subarray(0, bytesRead);
}

/** Return `undefined` if the bytes are the end of a file without a complete line in them. */
function parseTail(bytes: Buffer, isWholeFile: boolean): ChainLink | undefined {
  const end = bytes.lastIndexOf('\n') + 1;
  const lines = bytes.toString('utf8', 0, end).split(/\r?\n/);
  const last = lines.map(readChainedLine).findLast((line) => line !== undefined);
  if (last === undefined && !isWholeFile) return undefined;
  const torn = describeTorn(bytes.subarray(end));
  return last === undefined ? { torn } : { chain: last.chain, seq: last.seq, torn };
}
