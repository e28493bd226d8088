import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { nameOfFailure } from '../base/name-of-failure.js';

const MAX_FILE_BYTES = 64 * 1024;

/** The text of a file, or the reason why it cannot be read. */
export type Source =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** Reads a file with a size limit. Does not block, even if a pipe replaces the file. */
export async function readSource(file: string): Promise<Source> {
  try {
    return await readBounded(file);
  } catch (cause) {
    return { ok: false, message: `cannot be read (${nameOfFailure(cause)})` };
  }
}

async function readBounded(file: string): Promise<Source> {
  const opened = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await opened.stat()).isFile()) return { ok: false, message: 'must be a regular file' };
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    const bytes = buffer.subarray(0, await fill(buffer, opened));
    if (bytes.length > MAX_FILE_BYTES)
      return { ok: false, message: `must have at most ${MAX_FILE_BYTES} bytes` };
    if (!isUtf8(bytes)) return { ok: false, message: 'must be UTF-8' };
    return { ok: true, text: bytes.toString('utf8') };
  } finally {
    await opened.close();
  }
}

/** Fills a buffer. @returns the number of bytes read, at most the length of the buffer. */
async function fill(buffer: Buffer, opened: FileHandle): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await opened.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
