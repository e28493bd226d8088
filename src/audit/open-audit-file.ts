import { type FileHandle, open } from 'node:fs/promises';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { beginChain, chainBatch, deriveChainKey } from './chained-lines.js';
import type { AuditRecord } from './events.js';
import type { AuditSink } from './record.js';

export interface OpenAuditFileOptions {
  /**
   * Path of the file. It is created with mode 0600 if it does not exist, and appended to. Several processes of one
   * machine may share it.
   */
  readonly path: string;
  /**
   * Secret of at least 32 bytes that authenticates the lines. A holder of the secret can forge lines, so store it apart
   * from the file. Use a separate secret for each file: chains can be copied undetected between files that share one.
   */
  readonly key: Uint8Array;
  /**
   * Whether a record counts as written only when it is on disk (`fdatasync`).
   *
   * @default true
   */
  readonly durable?: boolean;
}

/** An audit sink that writes JSON lines. Close it on shutdown. */
export interface AuditFile extends AuditSink {
  write(record: AuditRecord): Promise<void>;
  close(): Promise<void>;
}

const KNOWN: KnownOptions<OpenAuditFileOptions> = { path: true, key: true, durable: true };

/** Maximum number of pending records. */
const MAX_WAITING = 10_000;

interface Waiting {
  readonly record: AuditRecord;
  resolve(): void;
  reject(failure: unknown): void;
}

/**
 * Opens a tamper-evident audit file, a sink that appends JSON lines. An empty line precedes each batch.
 *
 * The lines of a process form a chain: each has a MAC over itself and the previous line, so that `passport-jwe audit
 * verify` detects changed, removed and inserted lines. It cannot detect that the end of a chain or a whole chain was
 * removed, nor that a chain, or its beginning, was copied from another file with the same key.
 * @throws TypeError (as rejection) if an option is missing or invalid.
 * @throws Error (as rejection) of the file system if the file cannot be opened.
 * @example
 * const file = await openAuditFile({ path: 'audit.jsonl', key: Buffer.from(process.env.AUDIT_KEY, 'hex') });
 * const audit = createAuditTrail({ required: [file] });
 * // on shutdown
 * await audit.flush();
 * await file.close();
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
      // It is unknown which lines were written, so that the next ones start a new chain.
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
        if (waiting.length >= MAX_WAITING)
          return reject(new Error(`The audit file does not keep up: ${MAX_WAITING} records are pending`));
        waiting.push({ record, resolve, reject });
        writing ??= writeAll();
      }),
    async close() {
      await writing;
      await file.close();
    },
  };
}

/** Appends in one system call, so that lines of other processes cannot interleave; `appendFile` may use several. */
async function appendAtOnce(file: FileHandle, bytes: Buffer): Promise<void> {
  const { bytesWritten } = await file.write(bytes);
  if (bytesWritten < bytes.length) {
    throw new Error(`Only ${bytesWritten} of ${bytes.length} bytes were written to the audit file`);
  }
}
