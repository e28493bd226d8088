import { type FileHandle, open } from 'node:fs/promises';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { beginChain, chainBatch, deriveChainKey } from './chained-lines.js';
import type { AuditRecord } from './events.js';
import type { AuditSink } from './record.js';

export interface OpenAuditFileOptions {
  /**
   * The file; it is made for its owner alone (mode 0600), and appended to. Several processes of one machine may share it.
   */
  readonly path: string;
  /**
   * Secret of 32 bytes or more that authenticates the lines. Whoever has it can forge them: keep it elsewhere. Chains can
   * be copied unnoticed between files that share one.
   */
  readonly key: Uint8Array;
  /** Whether a record counts as written only when it is on disk (`fdatasync`). Default true. */
  readonly durable?: boolean;
}

/** A sink that writes JSON lines, to be closed in the end. */
export interface AuditFile extends AuditSink {
  write(record: AuditRecord): Promise<void>;
  close(): Promise<void>;
}

const KNOWN: KnownOptions<OpenAuditFileOptions> = { path: true, key: true, durable: true };

/** More would only pile up behind a disk that does not keep up. */
const MAX_WAITING = 10_000;

interface Waiting {
  readonly record: AuditRecord;
  resolve(): void;
  reject(failure: unknown): void;
}

/**
 * Opens a file of JSON lines as an audit sink, with an empty line before what is written at once. The lines of a process
 * are a chain: each carries a MAC over itself and the one before, so that `passport-jwe audit verify` finds what was
 * changed in a chain, taken out of it or put into it. It cannot find that lines are missing at the end of a chain, or a
 * whole chain, nor that a chain, or its beginning, was copied from another file under the same key.
 * @throws TypeError (as rejection) for an option that is missing or makes no sense; else what the file system says.
 */
export async function openAuditFile(options: OpenAuditFileOptions): Promise<AuditFile> {
  assertOptions(options, KNOWN, 'openAuditFile');
  const { path, key: secret, durable = true } = options;
  const key = deriveChainKey(secret);
  const file = await open(path, 'a', 0o600);
  let end = beginChain();
  const waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;

  const writeBatch = async (): Promise<void> => {
    const { bytes, count, end: next } = chainBatch(key, end, waiting);
    const batch = waiting.splice(0, count);
    try {
      await appendAtOnce(file, bytes);
      if (durable) await file.datasync();
      end = next;
      for (const { resolve } of batch) resolve();
    } catch (failure) {
      // Nobody knows which lines arrived; those to come stand by themselves.
      end = beginChain();
      for (const { reject } of batch) reject(failure);
    }
  };

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) await writeBatch();
    writing = undefined;
  };

  return {
    write: (record) =>
      new Promise((resolve, reject) => {
        if (waiting.length >= MAX_WAITING) return reject(new Error('The audit file does not keep up'));
        waiting.push({ record, resolve, reject });
        writing ??= writeAll();
      }),
    async close() {
      await writing;
      await file.close();
    },
  };
}

/** By a single call of the system, since the lines of other processes may come between two; `appendFile` makes several. */
async function appendAtOnce(file: FileHandle, bytes: Buffer): Promise<void> {
  const { bytesWritten } = await file.write(bytes);
  if (bytesWritten < bytes.length) {
    throw new Error(`Only ${bytesWritten} of ${bytes.length} bytes went into the audit file`);
  }
}
