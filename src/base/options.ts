import { isSecureUrl } from './is-secure-url.js';
import { isPrintableName } from './printable-name.js';

/** Every option that there is, so that the compiler finds one that is missing here. */
export type KnownOptions<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Callers without TypeScript misspell options too, and one that is ignored may be the one that mattered.
 * @param where what the options are for, as messages name it. No message shows a value.
 * @throws TypeError where they are no object, or one of them is unknown.
 */
export function assertOptions<Options extends object>(
  options: Options,
  known: KnownOptions<Options>,
  where: string,
): void {
  assertObject(options, where);
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name)) continue;
    throw new TypeError(`${where} has no option of that name: ${describeName(name)}`);
  }
}

/** @throws TypeError where it is no object, without showing it: it may be a secret in the wrong place. */
export function assertObject(value: unknown, where: string): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${where} needs an object of options`);
  }
}

/** @throws TypeError where a collaborator lacks the method that will be called. */
export function assertMethod(value: unknown, method: string, expected: string): void {
  const holder: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, method) : undefined;
  if (typeof holder !== 'function') throw new TypeError(expected);
}

/**
 * For addresses that credentials are sent to, or keys are fetched from.
 * @throws TypeError where it is no absolute `https:` URL, `http:` on loopback only, for there nobody listens in; or where
 *   it has credentials in it. It is not shown.
 */
export function assertSecureUrl(value: unknown, name: string): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !isSecureUrl(url))
    throw new TypeError(`${name} must be an https URL, http on loopback`);
  if (url.username !== '' || url.password !== '') throw new TypeError(`${name} must hold no credentials`);
  return url;
}

function describeName(name: string): string {
  return isPrintableName(name) ? name : '(not shown)';
}
