import type { PageFile } from './page-file.js';

/** Description of a B+ tree, from a meta page or from a record of the main tree. */
export interface Tree {
  /** Number of the root page, or `NO_PAGE` if the tree is empty. */
  readonly root: bigint;
  readonly depth: number;
  readonly entries: bigint;
}

/** Size of a tree description, in bytes. */
export const TREE_BYTES = 48;

/** Page number that marks an empty tree. */
export const NO_PAGE = 0xffff_ffff_ffff_ffffn;

/** Maximum depth of an LMDB tree. */
const MAX_DEPTH = 32;

const PAGE_HEADER_BYTES = 24;
const NODE_HEADER_BYTES = 8;

const BRANCH_PAGE = 0x01;
const LEAF_PAGE = 0x02;
const OVERFLOW_PAGE = 0x04;

/** Node flag F_BIGDATA: the value is stored on overflow pages. */
const IS_OVERFLOWING = 0x01;

/** Node flag F_SUBDATA: the value describes a sub-database, which is a tree. */
const IS_TREE = 0x02;
const OVERFLOW_REFERENCE_BYTES = 24;

/** A page that remains to be checked, with the depth of the tree below it. */
interface Pending {
  readonly page: bigint;
  readonly depth: number;
}

/** References from one page to other pages and trees. */
interface PageContent {
  readonly nodes: number;
  readonly children: readonly bigint[];
  readonly trees: readonly Tree[];
}

export function readTree({ view, isLittleEndian }: PageFile, offset: number): Tree {
  return {
    depth: view.getUint16(offset + 6, isLittleEndian),
    entries: view.getBigUint64(offset + 32, isLittleEndian),
    root: view.getBigUint64(offset + 40, isLittleEndian),
  };
}

/**
 * Assert that all pages of a tree, and of the trees within it, are intact.
 *
 * @throws Error if a page is missing, misplaced or malformed. The message names the page.
 */
export function checkTree(file: PageFile, tree: Tree): void {
  if (tree.root === NO_PAGE) return;
  if (tree.depth < 1 || tree.depth > MAX_DEPTH) throw damagedAt(tree.root);
  const pending: Pending[] = [{ page: tree.root, depth: tree.depth }];
  const trees: Tree[] = [];
  let entries = 0n;
  let visited = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { page, depth } = next;
    visited += 1;
    // The tree has more pages than the file, so it contains a cycle.
    if (visited > file.pages) throw damagedAt(page);
    file.readPage(page);
    const content = readContent(file, next);
    if (depth === 1) entries += BigInt(content.nodes);
    for (const child of content.children) pending.push({ page: child, depth: depth - 1 });
    trees.push(...content.trees);
  }
  if (entries !== tree.entries) throw damagedAt(tree.root);
  for (const inner of trees) checkTree(file, inner);
}

/** Parse the loaded page. Offsets in the page are relative to the end of the page header. */
function readContent(file: PageFile, { page, depth }: Pending): PageContent {
  const { view, isLittleEndian, pageSize } = file;
  const isLeaf = depth === 1;
  const lower = view.getUint16(20, isLittleEndian);
  const upper = view.getUint16(22, isLittleEndian);
  const isOwn = view.getBigUint64(0, isLittleEndian) === page;
  const isKind = (view.getUint16(18, isLittleEndian) & (isLeaf ? LEAF_PAGE : BRANCH_PAGE)) !== 0;
  if (!isOwn || !isKind || lower > upper || PAGE_HEADER_BYTES + upper > pageSize) throw damagedAt(page);

  const nodes = lower >> 1;
  const children: bigint[] = [];
  const trees: Tree[] = [];
  const overflows: bigint[] = [];
  for (let index = 0; index < nodes; index += 1) {
    const place = view.getUint16(PAGE_HEADER_BYTES + 2 * index, isLittleEndian);
    const node = readNode(file, PAGE_HEADER_BYTES + place, isLeaf);
    if (place < upper || node === undefined) throw damagedAt(page);
    const { kind, value } = node;
    if (kind === 'branch') children.push(node.child);
    if (kind === 'tree') trees.push(readTree(file, value));
    if (kind === 'overflow') overflows.push(view.getBigUint64(value, isLittleEndian));
  }
  for (const overflow of overflows) checkOverflow(file, overflow);
  return { nodes, children, trees };
}

/** A node: one entry of a page. */
interface Node {
  readonly kind: 'branch' | 'tree' | 'overflow' | 'value';
  /** Offset of the value in the page, in bytes. */
  readonly value: number;
  /** Number of the child page. Meaningful in branches only. */
  readonly child: bigint;
}

/** Parse the node at an offset. Return `undefined` if the node extends beyond the page. */
function readNode(
  { view, isLittleEndian, pageSize }: PageFile,
  offset: number,
  isLeaf: boolean,
): Node | undefined {
  if (offset + NODE_HEADER_BYTES > pageSize) return undefined;
  const size = view.getUint16(offset, isLittleEndian) + view.getUint16(offset + 2, isLittleEndian) * 65_536;
  const flags = view.getUint16(offset + 4, isLittleEndian);
  const value = offset + NODE_HEADER_BYTES + view.getUint16(offset + 6, isLittleEndian);
  const child = BigInt(size) + (BigInt(flags) << 32n);
  if (!isLeaf) return value <= pageSize ? { kind: 'branch', value, child } : undefined;
  const isOverflow = (flags & IS_OVERFLOWING) !== 0;
  if (value + (isOverflow ? OVERFLOW_REFERENCE_BYTES : size) > pageSize) return undefined;
  const isTree = (flags & IS_TREE) !== 0 && size === TREE_BYTES;
  return { kind: isOverflow ? 'overflow' : isTree ? 'tree' : 'value', value, child };
}

/**
 * Assert that the overflow pages of a value are intact.
 *
 * @throws Error if a page is missing, misplaced or malformed.
 */
function checkOverflow(file: PageFile, page: bigint): void {
  file.readPage(page);
  const { view, isLittleEndian, pages } = file;
  const isOwn = view.getBigUint64(0, isLittleEndian) === page;
  const isOverflow = (view.getUint16(18, isLittleEndian) & OVERFLOW_PAGE) !== 0;
  const end = page + BigInt(view.getUint32(20, isLittleEndian));
  if (!isOwn || !isOverflow || end > BigInt(pages)) throw damagedAt(page);
}

/** Create the error for a corrupted page. `assertDataFile` adds the file and the remedy to the message. */
export function damagedAt(page: bigint): Error {
  return new Error(`page ${page} of the LMDB file is corrupted`);
}
