import { createHmac, hash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** Key that authenticates the lines of audit files. It is derived from the secret for domain separation. */
export type ChainKey = Uint8Array;

const MIN_SECRET_BYTES = 32;

/**
 * Derive the key of audit files from a secret with HKDF-SHA-256 (RFC 5869).
 *
 * @param where function that takes the secret, for the error message
 * @throws TypeError if the secret is not a Uint8Array of at least 32 bytes
 */
export function deriveChainKey(secret: Uint8Array, where: string): ChainKey {
  if (!(secret instanceof Uint8Array && secret.length >= MIN_SECRET_BYTES)) {
    throw new TypeError(
      `${where}: key must be a Uint8Array of at least ${MIN_SECRET_BYTES} bytes, for example randomBytes(32)`,
    );
  }
  return new Uint8Array(hkdfSync('sha256', secret, '', 'passport-jwe audit chain', 32));
}

/**
 * End of a chain of lines, to which the next line is appended. Each process writes its own chains, to one or more
 * files.
 */
export interface ChainEnd {
  /** Random ID of the chain. */
  readonly chain: string;
  /** Sequence number of the next line, starting at 0. */
  readonly seq: number;
  /** MAC of the previous line. It is empty at the start of a chain. */
  readonly mac: string;
  /** Link of the first line of the chain. */
  readonly after: ChainLink;
}

/** Beginning of a line that a crash or a full disk cut off. */
export interface TornLine {
  readonly bytes: number;
  /** SHA-256 digest of the bytes, base64url. */
  readonly sha256: string;
}

/** What the first line of a chain states about the lines before the chain. The MAC of the line covers it. */
export interface ChainLink {
  /** Chain of the last complete line that the writer knew. */
  readonly chain?: string;
  /** Sequence number of that line. */
  readonly seq?: number;
  /** How often the file was replaced since that line. */
  readonly files?: number;
  /** Torn lines since that line. */
  readonly torn?: readonly TornLine[];
}

const MAX_TORN = 100;

/** Start a chain with a random ID, which follows the lines that the link names. */
export function beginChain(after: ChainLink): ChainEnd {
  return { chain: randomBytes(12).toString('hex'), seq: 0, mac: '', after };
}

/**
 * Start a chain that follows an interrupted chain.
 *
 * @param end end of the interrupted chain, after the last line that was certainly written
 * @param fragment bytes of a torn line, or an empty buffer
 * @param files number of times that the file was replaced
 */
export function followChain(
  end: ChainEnd,
  { fragment = Buffer.alloc(0), files = 0 }: { readonly fragment?: Buffer; readonly files?: number },
): ChainEnd {
  const { files: before = 0, torn = [], ...last } = end.after;
  const link =
    end.seq === 0
      ? { ...last, files: before + files, torn }
      : { chain: end.chain, seq: end.seq - 1, files, torn: [] };
  return beginChain({ ...link, torn: [...link.torn, ...describeTorn(fragment)].slice(-MAX_TORN) });
}

/** Describe a torn line. An empty fragment is not a torn line. */
export function describeTorn(fragment: Buffer): readonly TornLine[] {
  return fragment.length === 0
    ? []
    : [{ bytes: fragment.length, sha256: hash('sha256', fragment, 'base64url') }];
}

/**
 * Format a record as the next line of a chain.
 *
 * @param record record as JSON
 * @returns the line, and the end of the chain after it
 */
function chainLine(
  key: ChainKey,
  { chain, seq, mac: previous, after }: ChainEnd,
  record: string,
): { readonly line: string; readonly end: ChainEnd } {
  const isLinked = seq === 0 && (after.chain !== undefined || (after.torn ?? []).length > 0);
  const start = JSON.stringify({ chain, seq, ...(isLinked ? { after } : {}) });
  const body = `${start.slice(0, -1)},"record":${record}}`;
  const mac = macOf(key, previous, body);
  return { line: `${body.slice(0, -1)},"mac":"${mac}"}\n`, end: { chain, seq: seq + 1, mac, after } };
}

/**
 * Maximum size of a batch in bytes. It limits the duration of a write, and the number of records that fail with a
 * partial write.
 */
const MAX_BATCH_BYTES = 256 * 1024;

/** Lines that are written together. */
export interface ChainedBatch {
  readonly bytes: Buffer;
  /** Number of records in the batch. */
  readonly count: number;
  /** End of the chain after the batch. */
  readonly end: ChainEnd;
}

/**
 * Format as many records, each as JSON, as fit into 256 KiB, but at least one. The batch begins with a newline, because a different
 * process may have left a partial line after a crash or on a full disk.
 */
export function chainBatch(
  key: ChainKey,
  from: ChainEnd,
  waiting: readonly { readonly record: string }[],
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

/** Parsed line of an audit file. */
export interface ChainedLine {
  readonly chain: string;
  readonly seq: number;
  readonly time: string;
  readonly mac: string;
  /** Link of the first line of a chain. Read it only after a successful verification. */
  readonly after: ChainLink | undefined;
  /** Verify the MAC of the line, given the MAC of the previous line. */
  follows(key: ChainKey, previous: string): boolean;
}

/** Pattern of a complete line. The flag `s` lets a dot match U+2028 and U+2029, which JSON strings may contain. */
const LINE =
  /^(\{"chain":"[0-9a-f]{24}","seq":\d{1,15},(?:"after":\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\},)?"record":\{.*\}),"mac":"([\w-]{43})"\}$/s;

/**
 * Parse a line of an audit file.
 *
 * @returns `undefined` if the line is malformed
 */
export function readChainedLine(line: string): ChainedLine | undefined {
  const [, body = '', mac = ''] = LINE.exec(line) ?? [];
  if (body === '') return undefined;
  try {
    const { chain, seq, after, record } = JSON.parse(`${body}}`);
    return {
      chain,
      seq,
      time: String(record.time),
      mac,
      after,
      follows: (key, previous) => isMac(key, previous),
    };
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
