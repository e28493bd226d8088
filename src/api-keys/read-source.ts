import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { nameOfFailure } from '../base/name-of-failure.js';

const MAX_FILE_BYTES = 64 * 1024;

/** Text of a file, or the error message if the file cannot be read. */
export type Source =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** Read a UTF-8 file of at most 64 KiB. Never rejects, and does not block on a pipe. */
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
    if (!(await opened.stat()).isFile())
      return { ok: false, message: 'must be a regular file, not a pipe or a device' };
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
    const bytes = buffer.subarray(0, await fill(buffer, opened));
    if (bytes.length > MAX_FILE_BYTES)
      return { ok: false, message: `must have at most ${MAX_FILE_BYTES} bytes` };
    if (!isUtf8(bytes)) return { ok: false, message: 'must be encoded in UTF-8: save the file as UTF-8' };
    return { ok: true, text: bytes.toString('utf8') };
  } finally {
    await opened.close();
  }
}

/** Read a file into a buffer until the file ends or the buffer is full. @returns the number of bytes read. */
async function fill(buffer: Buffer, opened: FileHandle): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await opened.read(buffer, length, buffer.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}
