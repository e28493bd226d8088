import type { DirectoryFailure } from '../audit/user-events.js';

/** Failure of a lookup that the directory itself did not report. */
export class LookupError extends Error {
  readonly reason: DirectoryFailure;

  constructor(reason: DirectoryFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}
