import { readFile } from 'node:fs/promises';
import { isPrintableVariable } from '../base/printable-name.js';
import type { Jwk, JwkSet } from './jwk.js';

/** Location of a key in text form. */
export type KeyTextLocation =
  /** Name of an environment variable. */
  | { readonly env: string }
  /** Path of a file. */
  | { readonly file: string };

/** Location of a JWK or a JWK Set. An environment variable or a file may hold either. */
export type JwkLocation = { readonly jwk: Jwk } | { readonly jwks: JwkSet } | KeyTextLocation;

export interface KeyText {
  /** The trimmed text. Never empty for an environment variable. */
  readonly text: string;
  /** Name of the location in error messages. */
  readonly place: string;
}

/**
 * Reads the text of a location.
 *
 * @throws TypeError (as rejection) if the environment variable is not set or its name is invalid.
 * @throws Error (as rejection) if the file cannot be read.
 */
export async function readKeyText(location: KeyTextLocation): Promise<KeyText> {
  if ('env' in location) return readVariableText(location.env);
  return { text: (await readFile(location.file, 'utf8')).trim(), place: `Key file ${location.file}` };
}

/**
 * @throws TypeError if the name of an environment variable is invalid. The message does not show it, because it may be
 *   the secret itself.
 */
export function assertVariableName(name: string): void {
  if (typeof name === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(name)) return;
  throw new TypeError(
    'The name of an environment variable must be a string of up to 40 letters, digits and underscores',
  );
}

/** @throws TypeError if the environment variable is not set. */
export function readVariableText(name: string): KeyText {
  assertVariableName(name);
  const place = isPrintableVariable(name)
    ? `Environment variable ${name}`
    : 'The environment variable of the key';
  const text = process.env[name]?.trim();
  if (text === undefined || text === '') throw new TypeError(`${place} is not set`);
  return { text, place };
}

/** @throws TypeError if the text is not JSON. The error of the parser would quote the text. */
export function parseJsonObject(text: string): Jwk {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError('must be valid JSON if it starts with {');
  }
}

/** Prefixes the message of a TypeError with the location. */
export function inContext<Result>(place: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof TypeError) throw new TypeError(`${place}: ${error.message}`);
    throw error;
  }
}
