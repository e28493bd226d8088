import { nameOfFailure } from '../base/name-of-failure.js';
import { type FileReading, fileProblem } from './file-reading.js';
import type { Environment } from './interpolate.js';
import type { Position } from './locate-nodes.js';
import { readSource } from './read-source.js';

const START: Position = { line: 1, column: 1 };

/**
 * Read and validate one API key file. Never rejects: failures are problems in the result. The YAML parser and the
 * schema library are loaded on the first call.
 */
export async function readApiKeyFile(file: string, environment: Environment): Promise<FileReading> {
  const source = await readSource(file);
  if (!source.ok) return { ...fileProblem(file, START, source.message), isUnread: true };
  const { readApiKeyText } = await import('./read-api-key-text.js');
  try {
    return readApiKeyText(file, source.text, environment);
  } catch (cause) {
    return fileProblem(file, START, `cannot be read (${nameOfFailure(cause)})`, source.text);
  }
}
