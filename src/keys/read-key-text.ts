import { readFile } from 'node:fs/promises';
import { isPrintableVariable } from '../base/printable-name.js';
import type { Jwk, JwkSet } from './jwk.js';

/** Where a key is kept as text. */
export type KeyTextLocation =
  /** Name of an environment variable. */
  | { readonly env: string }
  /** Path of a file. */
  | { readonly file: string };

/** Where a JWK or a JWK Set comes from; the text of an environment variable or a file is either of them. */
export type JwkLocation = { readonly jwk: Jwk } | { readonly jwks: JwkSet } | KeyTextLocation;

export interface KeyText {
  /** Without white space around it; never empty where it comes from the environment. */
  readonly text: string;
  /** What messages call the place. */
  readonly place: string;
}

/**
 * @throws TypeError (as rejection) for an environment variable that is not set or has no proper name; what the file
 *   system says of a file.
 */
export async function readKeyText(location: KeyTextLocation): Promise<KeyText> {
  if ('env' in location) return readVariableText(location.env);
  return { text: (await readFile(location.file, 'utf8')).trim(), place: `Key file ${location.file}` };
}

/** A name that is none is not shown: it may be the secret itself, by mistake. @throws TypeError */
export function assertVariableName(name: string): void {
  if (typeof name === 'string' && /^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(name)) return;
  throw new TypeError('The name of an environment variable must be up to 40 letters, digits and underscores');
}

/** @throws TypeError where it is not set. */
export function readVariableText(name: string): KeyText {
  assertVariableName(name);
  const place = isPrintableVariable(name)
    ? `Environment variable ${name}`
    : 'The environment variable of the key';
  const text = process.env[name]?.trim();
  if (text === undefined || text === '') throw new TypeError(`${place} is not set`);
  return { text, place };
}

/** The parser's own message would quote the text. @throws TypeError for what is no JSON. */
export function parseJsonObject(text: string): Jwk {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError('starts like JSON, but is none');
  }
}

/** Puts the place in front of what a TypeError says. */
export function inContext<Result>(place: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof TypeError) throw new TypeError(`${place}: ${error.message}`);
    throw error;
  }
}
