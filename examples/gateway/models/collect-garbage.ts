import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MEGABYTE = 1024 * 1024;

/**
 * Length from which a body counts. For smaller ones, the collections that V8 begins suffice. A major collection per 8 MB of
 * them would also make V8 compile the gateway again, because it forgets the shapes of objects that no longer exist.
 */
const LARGE = MEGABYTE / 16;

/** Length of the buffers after which unused ones are freed. */
const BUFFERS = 4 * MEGABYTE;

/** Length of the parsed bodies after which garbage is collected. */
const PARSED = 8 * MEGABYTE;

/** Growth of the heap after which minor collections do not suffice. */
const PROMOTED = 16 * MEGABYTE;

/** Growth of the heap and the buffers in percent after which V8 collects all garbage. */
const GROWTH = 200;

let collections: Collections | undefined;
let allocated = 0;
let parsed = 0;
let heapAfterMajor = 0;

/**
 * Sets how much memory the process may use before V8 collects all garbage. By default, V8 allows less the more time its
 * collections take, and counts buffers too: each large body would lead to a major collection.
 */
export function setMemoryGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}

/**
 * Frees the buffers of previous large bodies. Call it before a buffer is allocated. A minor collection, of new objects, takes
 * about a millisecond. A major one takes 40 ms of CPU time.
 *
 * @param length length of the buffer in bytes.
 */
export function freeBuffers(length: number): void {
  if (length < LARGE) return;
  allocated += length;
  if (allocated < BUFFERS) return;
  allocated = 0;
  collections ??= exposeCollections();
  collections.minor();
}

/**
 * Collects the garbage of previous large bodies. Call it before a body is parsed. A parsed body leaves several times its
 * length as garbage, and V8 keeps the garbage of many bodies before it collects any. A minor collection frees most of it,
 * unless several bodies are parsed at a time.
 *
 * @param length length of the JSON to parse in bytes.
 */
export function collectGarbage(length: number): void {
  if (length < LARGE) return;
  parsed += length;
  if (parsed < PARSED) return;
  parsed = 0;
  collections ??= exposeCollections();
  collections.minor();
  if (usedHeap() < heapAfterMajor + PROMOTED) return;
  collections.major();
  heapAfterMajor = usedHeap();
}

function usedHeap(): number {
  return getHeapStatistics().used_heap_size;
}

interface Collections {
  major(): void;
  minor(): void;
}

function exposeCollections(): Collections {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc !== 'function') return { major: () => undefined, minor: () => undefined };
  // Without an argument, because `gc(undefined)` is a minor collection in Node.js 24.
  return { major: () => void gc(), minor: () => void gc({ type: 'minor' }) };
}
