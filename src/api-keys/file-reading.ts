import { digestSecret, type RegisteredKey } from './api-key-registry.js';
import type { ConfigurationProblem } from './configuration-error.js';
import type { DocumentFault } from './document-fault.js';
import type { Position } from './locate-nodes.js';

/** Result for a valid API key file. */
export interface ValidReading {
  readonly ok: true;
  readonly key: RegisteredKey;
  /** Problems that do not invalidate the file. */
  readonly warnings: readonly ConfigurationProblem[];
  /** Whether the API key is easy to guess. */
  readonly isWeak: boolean;
  /** Names of environment variables whose value is enclosed in quotes or white space. Omits names that may be secrets. */
  readonly wrappedVariables: readonly string[];
  readonly problemAt: ProblemAt;
  /** Digest of the effective configuration, for detecting changes. */
  readonly fingerprint: string;
}

/** Result of reading one API key file: the API key, or all problems in the file. */
export type FileReading = ValidReading | InvalidReading;

/** Result for an invalid or unreadable API key file. */
export interface InvalidReading {
  readonly ok: false;
  readonly problems: readonly ConfigurationProblem[];
  /** Digest of the file content and the problems, for detecting changes. */
  readonly fingerprint: string;
  /** Present if reading the file failed. A retry may succeed even if the file does not change. */
  readonly isUnread?: true;
}

/** Converts a fault at a document path to a problem with a file position. */
export type ProblemAt = (fault: DocumentFault) => ConfigurationProblem;

/**
 * Create the result for a file with a single problem.
 *
 * @param text content for the fingerprint. Default: the message.
 */
export function fileProblem(
  file: string,
  position: Position,
  message: string,
  text = message,
): InvalidReading {
  return { ok: false, problems: [{ file, ...position, path: '', message }], fingerprint: digestText(text) };
}

/** Return the SHA-256 digest of a string as hexadecimal digits. */
export function digestText(text: string): string {
  return digestSecret(text).toString('hex');
}
