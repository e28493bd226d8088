import { statSync } from 'node:fs';
import { checkTree, damagedAt, NO_PAGE, readTree, TREE_BYTES, type Tree } from './check-pages.js';
import { type PageFile, withPageFile } from './page-file.js';

/** Magic number of a meta page, directly after the page header. */
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META_PAGE = 0x08;

/** Offsets in a meta page, in bytes. */
const MAGIC_OFFSET = 24;
const VERSION_OFFSET = 28;
const TREES_OFFSET = 48;
const TRANSACTION_OFFSET = 152;

/** Offset of the magic number on 32-bit platforms, where the layout differs and only this number is checked. */
const MAGIC_OFFSET_32 = 16;
const IS_32_BITS = ['arm', 'ia32'].includes(process.arch);

const MIN_PAGE_SIZE = 512;
const MAX_PAGE_SIZE = 65_536;

/** Maximum number of checks. A check is repeated if a process writes meanwhile, which the mutex prevents on Linux. */
const MAX_CHECKS = 20;

/** Content of a meta page: one of the two newest states of the store. */
interface Meta {
  readonly transaction: bigint;
  /** The tree of free pages, and the main tree, which lists all other trees. */
  readonly trees: readonly [Tree, Tree];
}

/**
 * Assert that an LMDB data file is intact. Check both meta pages, and the structure of every page in the newest
 * state. On a damaged page, LMDB would crash the process or silently use an older state.
 *
 * Altered values are not detected, because LMDB has no checksums. A missing or empty file counts as a new store.
 *
 * @throws Error if the file is truncated, damaged or not an LMDB file. The message names the file and the remedy.
 */
export function assertDataFile(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return;
  const pageSize = size < MIN_PAGE_SIZE ? undefined : withPageFile(path, MIN_PAGE_SIZE, readPageSize);
  if (pageSize === undefined) throw refusal(path, 'is not an LMDB file of this version');
  if (IS_32_BITS) return;

  for (let check = 1; ; check += 1) {
    const before = newestTransaction(path, pageSize);
    try {
      withPageFile(path, pageSize, checkState);
      return;
    } catch (cause) {
      const isBusy = newestTransaction(path, pageSize) !== before;
      const detail = cause instanceof Error ? cause.message : String(cause);
      if (!isBusy || check === MAX_CHECKS) throw refusal(path, `is damaged (${detail})`);
    }
  }
}

/** Read the page size of the file, in bytes. Return `undefined` if it is not an LMDB file. */
function readPageSize(file: PageFile): number | undefined {
  file.readPage(0n);
  const { view, isLittleEndian } = file;
  if (IS_32_BITS)
    return view.getUint32(MAGIC_OFFSET_32, isLittleEndian) === MAGIC ? MIN_PAGE_SIZE : undefined;
  const version = view.getUint32(VERSION_OFFSET, isLittleEndian) & 0xffff;
  const pageSize = view.getUint32(TREES_OFFSET, isLittleEndian);
  const isPageSize =
    pageSize >= MIN_PAGE_SIZE && pageSize <= MAX_PAGE_SIZE && (pageSize & (pageSize - 1)) === 0;
  return isMeta(file) && version === DATA_VERSION && isPageSize ? pageSize : undefined;
}

function isMeta({ view, isLittleEndian }: PageFile): boolean {
  const isMagic = view.getUint32(MAGIC_OFFSET, isLittleEndian) === MAGIC;
  return isMagic && (view.getUint16(18, isLittleEndian) & META_PAGE) !== 0;
}

function readMeta(file: PageFile, page: bigint): Meta {
  file.readPage(page);
  const { view, isLittleEndian, pageSize } = file;
  const isSamePageSize = view.getUint32(TREES_OFFSET, isLittleEndian) === pageSize;
  if (!isMeta(file) || !isSamePageSize || view.getBigUint64(0, isLittleEndian) !== page)
    throw damagedAt(page);
  return {
    transaction: view.getBigUint64(TRANSACTION_OFFSET, isLittleEndian),
    trees: [readTree(file, TREES_OFFSET), readTree(file, TREES_OFFSET + TREE_BYTES)],
  };
}

/**
 * Read the newer of the two meta pages. Each commit overwrites the older one. Without the newer one, LMDB would lose a
 * commit. In a compact copy, the first meta page describes an empty environment, and the second one has the state.
 */
function readNewest(file: PageFile): Meta {
  const [first, second] = [readMeta(file, 0n), readMeta(file, 1n)];
  if (isEmpty(first)) return second;
  const lead = first.transaction - second.transaction;
  if (lead > 1n || lead < -1n) throw damagedAt(lead > 0n ? 1n : 0n);
  return lead > 0n ? first : second;
}

function isEmpty({ transaction, trees }: Meta): boolean {
  return transaction === 0n && trees.every(({ root }) => root === NO_PAGE);
}

function checkState(file: PageFile): void {
  for (const tree of readNewest(file).trees) checkTree(file, tree);
}

/** Return the ID of the newest transaction, or `undefined` if the meta pages are unreadable. */
function newestTransaction(path: string, pageSize: number): bigint | undefined {
  try {
    return withPageFile(path, pageSize, readNewest).transaction;
  } catch {
    return undefined;
  }
}

function refusal(path: string, what: string): Error {
  return new Error(
    `${path} ${what}: replace it with a backup, or remove it to create a new store. ` +
      'A new store rejects all existing tokens',
  );
}
