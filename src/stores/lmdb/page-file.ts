import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** A file of pages, of which one at a time is in view. */
export interface PageFile {
  readonly pageSize: number;
  /** Number of complete pages. */
  readonly pages: number;
  readonly view: DataView;
  readonly isLittleEndian: boolean;
  /**
   * Loads a page into the view.
   * @throws Error if the file ends before the page.
   */
  readPage(page: bigint): void;
}

const isLittleEndian = endianness() === 'LE';

/** Opens a file of pages and closes it afterwards. Integers have the native byte order. */
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
      if (page >= BigInt(pages)) throw new Error(`page ${page} is missing`);
      readSync(descriptor, buffer, 0, pageSize, Number(page) * pageSize);
    };
    return run({ pageSize, pages, view, isLittleEndian, readPage });
  } finally {
    closeSync(descriptor);
  }
}
