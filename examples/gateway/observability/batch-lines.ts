import { type DestinationStream, pino } from 'pino';

/** Length of a batch in bytes that is written at once. */
const BATCH_LENGTH = 8 * 1024;

/** Time in milliseconds before an incomplete batch is written. A process that is killed loses at most these lines. */
const BATCH_MS = 10;

/**
 * Creates a destination that writes lines in batches: a write for each line costs as much as the request that it
 * describes. The lines that are left when the process exits are written synchronously.
 *
 * @param file path or file descriptor.
 */
export function batchLines(file: string | number): DestinationStream {
  const destination = pino.destination({ dest: file, minLength: BATCH_LENGTH });
  let isScheduled = false;
  const flush = (): void => {
    isScheduled = false;
    destination.flush();
  };
  return {
    write(line) {
      destination.write(line);
      if (isScheduled) return;
      isScheduled = true;
      setTimeout(flush, BATCH_MS);
    },
  };
}
