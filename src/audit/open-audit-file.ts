import { open } from 'node:fs/promises';
import { assertOptions, type KnownOptions } from '../options.js';
import { beginChain, type ChainEnd, chainLine, deriveChainKey } from './chained-lines.js';
import type { AuditRecord } from './events.js';
import type { AuditSink } from './record.js';

export interface AuditFileOptions {
  /** The file; it is made for its owner alone (mode 0600), and appended to. Several processes may share it. */
  readonly path: string;
  /** Secret of 32 bytes or more that authenticates the lines. Whoever has it can forge them: keep it elsewhere. */
  readonly key: Uint8Array;
  /** Whether a record counts as written only when it is on disk (`fdatasync`). Default true. */
  readonly durable?: boolean;
}

/** A sink that writes JSON lines, to be closed in the end. */
export interface AuditFile extends AuditSink {
  write(record: AuditRecord): Promise<void>;
  close(): Promise<void>;
}

const KNOWN: KnownOptions<AuditFileOptions> = { path: true, key: true, durable: true };

/** More would only pile up behind a disk that does not keep up. */
const MAX_WAITING = 10_000;

interface Waiting {
  readonly record: AuditRecord;
  resolve(): void;
  reject(failure: unknown): void;
}

/**
 * Opens a file of JSON lines as an audit sink. The lines of a process are a chain: each carries a MAC over itself and the
 * one before, so that `passport-jwe audit verify` finds what was changed, taken out or put in. That lines are missing at
 * the end of a chain, or a whole chain, it cannot find.
 * @throws TypeError (as rejection) for an option that is missing or makes no sense; else what the file system says.
 */
export async function openAuditFile(options: AuditFileOptions): Promise<AuditFile> {
  assertOptions(options, KNOWN, 'openAuditFile');
  const { path, key: secret, durable = true } = options;
  const key = deriveChainKey(secret);
  const file = await open(path, 'a', 0o600);
  let end = beginChain();
  /** The last write failed, perhaps in the middle of a line. */
  let isTorn = (await file.stat()).size > 0;
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;

  /** All that waits goes to the disk at once. */
  const writeBatch = async (batch: readonly Waiting[]): Promise<void> => {
    const chained = chainBatch(batch, end);
    try {
      await file.appendFile(`${isTorn ? '\n' : ''}${chained.text}`);
      if (durable) await file.datasync();
      end = chained.end;
      isTorn = false;
      for (const { resolve } of batch) resolve();
    } catch (failure) {
      // Nobody knows which lines arrived; those to come stand by themselves.
      end = beginChain();
      isTorn = true;
      for (const { reject } of batch) reject(failure);
    }
  };

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      await writeBatch(batch);
    }
    writing = undefined;
  };

  const chainBatch = (batch: readonly Waiting[], from: ChainEnd) => {
    let last = from;
    const lines = batch.map(({ record }) => {
      const chained = chainLine(key, last, record);
      last = chained.end;
      return chained.line;
    });
    return { text: lines.join(''), end: last };
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
