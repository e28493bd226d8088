import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Begins the meta page of every LMDB file, after the header of the page; in the byte order of the machine. */
const MAGIC = 0xbeefc0de;
const MAGIC_OFFSETS = [16, 24];
const HEAD_BYTES = 64;

/**
 * What LMDB would take for its own, and end the process over. A missing or empty file is a new one.
 * @throws Error where it is the file of something else, or the beginning of it is broken.
 */
export async function assertDataFile(path: string): Promise<void> {
  const head = await readHead(path);
  if (head.length === 0) return;
  const isMagic = (offset: number): boolean =>
    head.length >= offset + 4 && [head.readUInt32LE(offset), head.readUInt32BE(offset)].includes(MAGIC);
  if (MAGIC_OFFSETS.some(isMagic)) return;
  throw new Error(
    `${path} is no LMDB file: put a backup in its place, or remove it; a new store refuses all older tokens`,
  );
}

async function readHead(path: string): Promise<Buffer> {
  if (!existsSync(path)) return Buffer.alloc(0);
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
