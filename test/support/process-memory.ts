import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const BLOCK_BYTES = 32 * 1024 * 1024;

/** Counts occurrences in the writable memory of a child process (Linux), which is what a core dump contains. */
export function countInMemory(pid: number, needle: Uint8Array): number {
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const block = Buffer.alloc(BLOCK_BYTES);
  let count = 0;
  try {
    for (const { start, end } of writableRegions(pid)) {
      for (let from = start; from < end; from += BLOCK_BYTES - needle.length) {
        const read = readSome(memory, block, Math.min(BLOCK_BYTES, end - from), from);
        const part = block.subarray(0, read);
        for (let at = part.indexOf(needle); at >= 0; at = part.indexOf(needle, at + 1)) count += 1;
      }
    }
  } finally {
    closeSync(memory);
  }
  return count;
}

/** Regions with pages in memory. Others, such as reserved addresses of V8, are huge and empty. */
function writableRegions(pid: number): readonly { readonly start: number; readonly end: number }[] {
  const regions = readFileSync(`/proc/${pid}/smaps`, 'utf8').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/);
  return regions.flatMap((region) => {
    const [, start = '', end = ''] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(region) ?? [];
    const isPresent = start !== '' && /^Rss: +[1-9]/m.test(region);
    return isPresent ? [{ start: Number.parseInt(start, 16), end: Number.parseInt(end, 16) }] : [];
  });
}

function readSome(memory: number, block: Buffer, length: number, position: number): number {
  try {
    return readSync(memory, block, 0, length, position);
  } catch {
    // The process has returned the region since.
    return 0;
  }
}
