import { type FileHandle, open } from 'node:fs/promises';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { beginChain, chainBatch, deriveChainKey } from './chained-lines.js';
import type { AuditRecord } from './events.js';
import type { AuditSink } from './record.js';

/** Options of `openAuditFile()`. */
export interface OpenAuditFileOptions {
  /**
   * Path of the file. If it does not exist, it is created with mode 0600. Otherwise, lines are appended. Several
   * processes on one machine can share the file.
   */
  readonly path: string;
  /**
   * Secret of at least 32 bytes that authenticates the lines. A holder of the secret can forge lines, so store it apart
   * from the file. Use a different secret for each file: chains can be copied undetected between files with the same
   * secret.
   */
  readonly key: Uint8Array;
  /**
   * Whether a record counts as written only after it is on disk (`fdatasync`).
   *
   * @default true
   */
  readonly durable?: boolean;
}

/** Audit sink that appends JSON lines to a file. Close it on shutdown, after `flush()` of the audit trail. */
export interface AuditFile extends AuditSink {
  /**
   * Append a record.
   *
   * @throws Error (as rejection) if 10 000 records are pending or the file cannot be written
   */
  write(record: AuditRecord): Promise<void>;
  /** Wait for pending records and close the file. */
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
 * Open a tamper-evident audit file, which is a sink that appends JSON lines.
 *
 * The lines of a process form a chain. Each line has a MAC over itself and the MAC of the previous line. `passport-jwe
 * audit verify` therefore detects changed, removed and inserted lines. An empty line precedes each batch.
 *
 * It does not detect the removal of a whole chain or of its end. It also does not detect a chain, or the beginning of a
 * chain, that was copied from a different file with the same key.
 *
 * @throws TypeError (as rejection) if an option is missing, unknown or malformed
 * @throws Error (as rejection) from the file system if the file cannot be opened
 *
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
  const key = deriveChainKey(secret, 'openAuditFile');
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
      // It is unknown which lines were written, so the next batch starts a new chain.
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
          return reject(
            new Error(
              `The queue of the audit file is full (${MAX_WAITING} records): write the file to a faster disk`,
            ),
          );
        waiting.push({ record, resolve, reject });
        writing ??= writeAll();
      }),
    async close() {
      await writing;
      await file.close();
    },
  };
}

/**
 * Append in one system call, so that lines of different processes cannot interleave. `appendFile` may use several
 * calls.
 */
async function appendAtOnce(file: FileHandle, bytes: Buffer): Promise<void> {
  const { bytesWritten } = await file.write(bytes);
  if (bytesWritten < bytes.length) {
    throw new Error(
      `Only ${bytesWritten} of ${bytes.length} bytes were written to the audit file: check the free disk space`,
    );
  }
}
