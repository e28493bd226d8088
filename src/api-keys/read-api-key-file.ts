import { nameOfFailure } from '../base/name-of-failure.js';
import { isPrintableVariable } from '../base/printable-name.js';
import { digestSecret, type RegisteredKey } from './api-key-registry.js';
import type { DocumentFault } from './check-consistency.js';
import type { ConfigurationProblem } from './configuration-error.js';
import { type Environment, interpolate, type WrappedVariable } from './interpolate.js';
import { formatPath, type Position } from './locate-nodes.js';
import { parseYaml } from './parse-yaml.js';
import { readSource } from './read-source.js';
import { validateApiKey } from './validate-api-key.js';

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

interface InvalidReading {
  readonly ok: false;
  readonly problems: readonly ConfigurationProblem[];
  readonly fingerprint: string;
  /** What stands in it is not known: reading it again may go well, though nobody touches it. */
  readonly isUnread?: true;
}

/** Words a fault of the file as a problem at its place. */
export type ProblemAt = (fault: DocumentFault) => ConfigurationProblem;

const START: Position = { line: 1, column: 1 };

/** Reads, parses, interpolates and validates one file. Whatever it holds, this does not reject. */
export async function readApiKeyFile(file: string, environment: Environment): Promise<FileReading> {
  const source = await readSource(file);
  if (!source.ok) return { ...problem(file, START, source.message), isUnread: true };
  try {
    return readText(file, source.text, environment);
  } catch (cause) {
    return problem(file, START, `cannot be read (${nameOfFailure(cause)})`, source.text);
  }
}

function readText(file: string, text: string, environment: Environment): FileReading {
  const yaml = parseYaml(text);
  if (!yaml.ok) return problem(file, yaml.fault.position, yaml.fault.message, text);

  const problemAt: ProblemAt = ({ path, message }) => ({
    file,
    ...yaml.positionOf(path),
    path: formatPath(path),
    message,
  });
  const { document, faults, wrapped } = interpolate(yaml.document, environment);
  const validation = validateApiKey(document, [...yaml.faults, ...faults]);
  if (!validation.ok) {
    const problems = validation.faults.map(problemAt);
    return { ok: false, problems, fingerprint: digestText(JSON.stringify([text, problems])) };
  }
  const warnings = [...validation.warnings, ...wrapped.map(describeWrapped)].map(problemAt);
  return {
    ok: true,
    key: validation.key,
    warnings,
    isWeak: validation.warnings.length > 0,
    wrappedVariables: wrapped.map(({ name }) => name).filter(isPrintableVariable),
    problemAt,
    fingerprint: digestText(JSON.stringify(document)),
  };
}

function describeWrapped({ path, name }: WrappedVariable): DocumentFault {
  const variable = isPrintableVariable(name) ? `the environment variable ${name}` : 'an environment variable';
  return { path, message: `${variable} has quotes or white space around its value, which become part of it` };
}

/** A fault of the file as a whole. */
function problem(file: string, position: Position, message: string, text = message): InvalidReading {
  return { ok: false, problems: [{ file, ...position, path: '', message }], fingerprint: digestText(text) };
}

function digestText(text: string): string {
  return digestSecret(text).toString('hex');
}
