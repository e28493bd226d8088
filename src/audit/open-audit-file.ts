import { assertOptions, type KnownOptions } from '../base/options.js';
import { openChainedFile } from './chained-file.js';
import { chainBatch, deriveChainKey } from './chained-lines.js';
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
   * Whether `write()` waits until the record is on disk (`fdatasync`). If `false`, a power failure can lose records that
   * `write()` has confirmed.
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
   * @throws Error (as rejection) if 10 000 records are pending, the record has no JSON form or the file cannot be written
   */
  write(record: AuditRecord): Promise<void>;
  /**
   * Open the file at `path` again, after a tool such as logrotate has renamed it. Call it on SIGHUP. Without a call, the
   * sink opens the file again within a second. The lines of the new file follow the last line of the previous file.
   *
   * @throws Error (as rejection) if the file cannot be opened. The previous file then remains open.
   */
  reopen(): Promise<void>;
  /** Wait for pending records and close the file. */
  close(): Promise<void>;
}

const KNOWN: KnownOptions<OpenAuditFileOptions> = { path: true, key: true, durable: true };

/** Maximum number of pending records. */
const MAX_WAITING = 10_000;

interface Pending {
  resolve(): void;
  reject(failure: unknown): void;
}

interface Waiting extends Pending {
  /** Record as JSON. */
  readonly record: string;
}

/**
 * Open a tamper-evident audit file, which is a sink that appends JSON lines.
 *
 * The lines of a process form a chain. Each line has a MAC over itself and the MAC of the previous line. `passport-jwe
 * audit verify` therefore detects changed, removed and inserted lines. An empty line precedes each batch. If a crash or a
 * full disk cuts off a line, the next chain states the length and the digest of the torn line.
 *
 * It does not detect the removal of a whole chain or of its end. It also does not detect a chain, or the beginning of a
 * chain, that was copied from a different file with the same key.
 *
 * @throws TypeError (as rejection) if an option is missing, unknown or malformed
 * @throws Error (as rejection) from the file system if the file cannot be opened
 *
 * @example
 * const file = await openAuditFile({ path: 'audit.jsonl', key: await readFile('/run/secrets/audit-key') });
 * const audit = createAuditTrail({ required: [file] });
 * // on shutdown
 * await audit.flush();
 * await file.close();
 */
export async function openAuditFile(options: OpenAuditFileOptions): Promise<AuditFile> {
  assertOptions(options, KNOWN, 'openAuditFile');
  const { path, key: secret, durable = true } = options;
  const key = deriveChainKey(secret, 'openAuditFile');
  const file = await openChainedFile(path, durable);
  const waiting: Waiting[] = [];
  const reopenings: Pending[] = [];
  let working: Promise<void> | undefined;

  const settle = async (pending: readonly Pending[], result: Promise<void>): Promise<void> => {
    try {
      await result;
      for (const { resolve } of pending) resolve();
    } catch (failure) {
      for (const { reject } of pending) reject(failure);
    }
  };

  const writeBatch = async (): Promise<void> => {
    try {
      if (file.isCheckDue()) await file.follow();
    } catch (failure) {
      return settle(waiting.splice(0), Promise.reject(failure));
    }
    const batch = chainBatch(key, file.end(), waiting);
    await settle(waiting.splice(0, batch.count), file.append(batch));
  };

  const work = async (): Promise<void> => {
    while (reopenings.length > 0 || waiting.length > 0) {
      if (reopenings.length > 0) await settle(reopenings.splice(0), file.reopen());
      else await writeBatch();
    }
    working = undefined;
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
        // Serialised here, so that a record without a JSON form fails alone and later records are written.
        waiting.push({ record: JSON.stringify(record), resolve, reject });
        working ??= work();
      }),
    reopen: () =>
      new Promise((resolve, reject) => {
        reopenings.push({ resolve, reject });
        working ??= work();
      }),
    async close() {
      await working;
      await file.close();
    },
  };
}
