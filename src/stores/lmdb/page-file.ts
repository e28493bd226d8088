import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** A file of pages; one of them is in view at a time. */
export interface PageFile {
  readonly pageSize: number;
  /** How many whole pages there are. */
  readonly pages: number;
  readonly view: DataView;
  readonly isLittleEndian: boolean;
  /**
   * Brings a page into view.
   * @throws Error where the file ends before it does.
   */
  readPage(page: bigint): void;
}

const isLittleEndian = endianness() === 'LE';

/** Numbers are in the byte order of the machine. */
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
