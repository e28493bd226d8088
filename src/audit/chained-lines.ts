import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AuditRecord } from './events.js';

/** What authenticates the lines of audit files: derived, so that the secret may serve nothing else by mistake. */
export type ChainKey = Uint8Array;

const MIN_SECRET_BYTES = 32;

/** @throws TypeError for a secret of fewer than 32 bytes. */
export function deriveChainKey(secret: Uint8Array): ChainKey {
  if (!(secret instanceof Uint8Array && secret.length >= MIN_SECRET_BYTES)) {
    throw new TypeError(`The key of an audit file needs ${MIN_SECRET_BYTES} bytes or more`);
  }
  return new Uint8Array(hkdfSync('sha256', secret, '', 'passport-jwe audit chain', 32));
}

/** Where a chain of lines has got to. Each process writes chains of its own, into one file or several. */
export interface ChainEnd {
  readonly chain: string;
  /** Of the line that comes next; a chain begins with 0. */
  readonly seq: number;
  /** Of the line before; empty where there is none. */
  readonly mac: string;
}

export function beginChain(): ChainEnd {
  return { chain: randomBytes(12).toString('hex'), seq: 0, mac: '' };
}

/** A record as the next line of a chain, and where the chain has got to with it. */
function chainLine(
  key: ChainKey,
  { chain, seq, mac: previous }: ChainEnd,
  record: AuditRecord,
): { readonly line: string; readonly end: ChainEnd } {
  const body = JSON.stringify({ chain, seq, record });
  const mac = macOf(key, previous, body);
  return { line: `${body.slice(0, -1)},"mac":"${mac}"}\n`, end: { chain, seq: seq + 1, mac } };
}

/** Nobody waits for more than this at once, and no more fails where a disk takes but a part of it. */
const MAX_BATCH_BYTES = 256 * 1024;

/** Lines that are written at once. */
export interface ChainedBatch {
  readonly bytes: Buffer;
  /** How many records they are. */
  readonly count: number;
  /** Where the chain has got to with them. */
  readonly end: ChainEnd;
}

/**
 * As many of the records as fit into 256 KiB, but at least one. An end of line stands before them, since another process
 * may have left half a line behind when it died or found the disk full, which this one cannot know.
 */
export function chainBatch(
  key: ChainKey,
  from: ChainEnd,
  waiting: readonly { readonly record: AuditRecord }[],
): ChainedBatch {
  const lines = [Buffer.from('\n')];
  let size = 1;
  let end = from;
  for (const { record } of waiting) {
    const chained = chainLine(key, end, record);
    const line = Buffer.from(chained.line);
    if (lines.length > 1 && size + line.length > MAX_BATCH_BYTES) break;
    lines.push(line);
    size += line.length;
    end = chained.end;
  }
  return { bytes: Buffer.concat(lines, size), count: lines.length - 1, end };
}

/** A line as it stands in a file. */
export interface ChainedLine {
  readonly chain: string;
  readonly seq: number;
  readonly time: string;
  readonly mac: string;
  /** Whether it follows a line with this MAC. */
  follows(key: ChainKey, previous: string): boolean;
}

/** With `s`: to a dot, U+2028 and U+2029 would be ends of lines, which they are not to JSON. */
const LINE = /^(\{"chain":"[0-9a-f]{24}","seq":\d{1,15},"record":\{.*\}),"mac":"([\w-]{43})"\}$/s;

/** `undefined` for what is no such line. */
export function readChainedLine(line: string): ChainedLine | undefined {
  const [, body = '', mac = ''] = LINE.exec(line) ?? [];
  if (body === '') return undefined;
  try {
    const { chain, seq, record } = JSON.parse(`${body}}`);
    return { chain, seq, time: String(record.time), mac, follows: (key, previous) => isMac(key, previous) };
  } catch {
    return undefined;
  }

  function isMac(key: ChainKey, previous: string): boolean {
    return timingSafeEqual(Buffer.from(macOf(key, previous, `${body}}`)), Buffer.from(mac));
  }
}

function macOf(key: ChainKey, previous: string, body: string): string {
  return createHmac('sha256', key).update(`${previous}\n${body}`).digest('base64url');
}
