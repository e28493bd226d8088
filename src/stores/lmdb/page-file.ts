import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** A file of fixed-size pages. One page at a time is loaded into `view`. */
export interface PageFile {
  /** Page size in bytes. */
  readonly pageSize: number;
  /** Number of complete pages in the file. */
  readonly pages: number;
  /** Content of the loaded page. */
  readonly view: DataView;
  /** Byte order of integers in the file: the native order of the machine. */
  readonly isLittleEndian: boolean;
  /**
   * Load a page into `view`.
   *
   * @throws Error if the file ends before the page.
   */
  readPage(page: bigint): void;
}

const isLittleEndian = endianness() === 'LE';

/** Open a file of pages, pass it to a callback, and closes it afterwards. */
export function withPageFile<Result>(
  path: string,
  pageSize: number,
  run: (file: PageFile) => Result,
): Result {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(pageSize);
    const view = new DataView(buffer.buffer, buffer.byteOffset, pageSize);
    const pages = Math.floor(fstatSync(descriptor).size / pageSize);
    const readPage = (page: bigint): void => {
      if (page >= BigInt(pages)) throw new Error(`page ${page} of the LMDB file is missing`);
      readSync(descriptor, buffer, 0, pageSize, Number(page) * pageSize);
    };
    return run({ pageSize, pages, view, isLittleEndian, readPage });
  } finally {
    closeSync(descriptor);
  }
}
