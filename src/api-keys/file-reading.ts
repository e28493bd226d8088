import { digestSecret, type RegisteredKey } from './api-key-registry.js';
import type { DocumentFault } from './check-consistency.js';
import type { ConfigurationProblem } from './configuration-error.js';
import type { Position } from './locate-nodes.js';

/** A file that configures a key. */
export interface ValidReading {
  readonly ok: true;
  readonly key: RegisteredKey;
  /** What is allowed, but should be mended. */
  readonly warnings: readonly ConfigurationProblem[];
  /** Whether the key is easy to guess. */
  readonly isWeak: boolean;
  /** Names of variables with quotes or white space around their value, except names that could be secrets. */
  readonly wrappedVariables: readonly string[];
  readonly problemAt: ProblemAt;
  /** Another one as soon as anything in it that counts reads differently. */
  readonly fingerprint: string;
}

/** One file: the key that it configures, or everything that is wrong with it. */
export type FileReading = ValidReading | InvalidReading;

/** A file that configures no key. */
export interface InvalidReading {
  readonly ok: false;
  readonly problems: readonly ConfigurationProblem[];
  readonly fingerprint: string;
  /** What stands in it is not known: reading it again may go well, though nobody touches it. */
  readonly isUnread?: true;
}

/** Words a fault of the file as a problem at its place. */
export type ProblemAt = (fault: DocumentFault) => ConfigurationProblem;

/** A fault of the file as a whole. */
export function fileProblem(
  file: string,
  position: Position,
  message: string,
  text = message,
): InvalidReading {
  return { ok: false, problems: [{ file, ...position, path: '', message }], fingerprint: digestText(text) };
}

/** Tells readings of the same text apart from all others, and tells nothing of the text. */
export function digestText(text: string): string {
  return digestSecret(text).toString('hex');
}
