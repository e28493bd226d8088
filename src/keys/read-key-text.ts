import { readFile } from 'node:fs/promises';
import { isPrintableVariable } from '../base/printable-name.js';
import type { Jwk, JwkSet } from './jwk.js';

/** Location of a key in text form: an environment variable or a file. */
export type KeyTextLocation =
  | {
      /** Name of an environment variable: 1 to 40 letters, digits or underscores. */
      readonly env: string;
    }
  | {
      /** Path of a file. Its access mode is not checked. */
      readonly file: string;
    };

/** JWK or JWK Set, or its location. An environment variable or a file may contain either. */
export type JwkLocation =
  | {
      /** One key (RFC 7517 §4). */
      readonly jwk: Jwk;
    }
  | {
      /** Set of keys (RFC 7517 §5). */
      readonly jwks: JwkSet;
    }
  | KeyTextLocation;

export interface KeyText {
  /** The trimmed text. Never empty for an environment variable. */
  readonly text: string;
  /** Name of the location in error messages. */
  readonly place: string;
}

/**
 * Read the text at a location.
 *
 * @throws TypeError (as rejection) if the environment variable is not set or its name is invalid.
 * @throws Error (as rejection) if the file cannot be read.
 */
export async function readKeyText(location: KeyTextLocation): Promise<KeyText> {
  if ('env' in location) return readVariableText(location.env);
  return { text: (await readFile(location.file, 'utf8')).trim(), place: `key file ${location.file}` };
}

/**
 * Assert that the name of an environment variable is valid.
 *
 * @throws TypeError if the name is invalid. The message omits the name, because it may be a misplaced secret.
 */
export function assertVariableName(name: string): void {
  if (typeof name === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(name)) return;
  throw new TypeError(
    'the name of the environment variable must be 1 to 40 letters, digits or underscores, for example "JWE_KEY"',
  );
}

/**
 * Read the text of an environment variable.
 *
 * @throws TypeError if the variable is not set or its name is invalid.
 */
export function readVariableText(name: string): KeyText {
  assertVariableName(name);
  const place = isPrintableVariable(name)
    ? `environment variable ${name}`
    : 'the environment variable with the key';
  const text = process.env[name]?.trim();
  if (text === undefined || text === '')
    throw new TypeError(`${place} is not set: set it and restart the process`);
  return { text, place };
}

/**
 * Parse text that starts with `{` as JSON.
 *
 * @throws TypeError if the text is not JSON. The error of the parser is discarded, because it quotes the text.
 */
export function parseJsonObject(text: string): Jwk {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError('the text must be valid JSON, because it starts with {: export the key again');
  }
}
