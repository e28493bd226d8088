import { digestSecret, type RegisteredKey } from './api-key-registry.js';
import type { DocumentFault } from './check-consistency.js';
import type { ConfigurationProblem } from './configuration-error.js';
import type { Position } from './locate-nodes.js';

/** A valid file. */
export interface ValidReading {
  readonly ok: true;
  readonly key: RegisteredKey;
  /** Faults that do not invalidate the file. */
  readonly warnings: readonly ConfigurationProblem[];
  /** Whether the key is easy to guess. */
  readonly isWeak: boolean;
  /** Names of variables with quotes or white space around their value, except names that could be secrets. */
  readonly wrappedVariables: readonly string[];
  readonly problemAt: ProblemAt;
  /** Digest that changes with any relevant content. */
  readonly fingerprint: string;
}

/** Result of reading a file: its API key, or all its faults. */
export type FileReading = ValidReading | InvalidReading;

/** An invalid or unreadable file. */
export interface InvalidReading {
  readonly ok: false;
  readonly problems: readonly ConfigurationProblem[];
  readonly fingerprint: string;
  /** Set if the file could not be read. A retry may succeed although the file is unchanged. */
  readonly isUnread?: true;
}

/** Converts a fault of the file into a problem with its position. */
export type ProblemAt = (fault: DocumentFault) => ConfigurationProblem;

/** Creates a reading with one fault of the whole file. */
export function fileProblem(
  file: string,
  position: Position,
  message: string,
  text = message,
): InvalidReading {
  return { ok: false, problems: [{ file, ...position, path: '', message }], fingerprint: digestText(text) };
}

/** Digest of a file's content, which does not reveal the content. */
export function digestText(text: string): string {
  return digestSecret(text).toString('hex');
}
