import { isPrintableVariable } from '../base/printable-name.js';
import type { DocumentFault } from './check-consistency.js';
import type { DocumentPath } from './format-path.js';
import { hasWrapping, isPlaceholder } from './placeholder.js';

/** Values of `${VAR}`. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$|\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>[^}$]*))?\}|\$\{/g;

/** Fields that never enter a token. All others may. */
const PRIVATE_FIELDS = new Set([
  ...['api_key', 'previous_api_key', 'active', 'expires_at', 'token_ttl', 'scope_ttl', 'users'],
]);
const PRIVATE_MODEL_FIELDS = new Set(['endpoint', 'api_key', 'max_tokens', 'temperature']);

/** A document whose variables are resolved. */
export interface Interpolation {
  readonly document: unknown;
  readonly faults: readonly DocumentFault[];
  /** Variables with quotes or white space around their value. */
  readonly wrapped: readonly WrappedVariable[];
}

/** A variable and the field that uses it. */
export interface WrappedVariable {
  readonly path: DocumentPath;
  readonly name: string;
}

/**
 * Resolves `${VAR}`, `${VAR:-default}` (if VAR is unset or blank) and `$$` (a dollar sign) in all strings of a parsed
 * document. Rejects variables in fields that may enter a token, so that no token reveals the environment.
 *
 * @returns a copy, and all faults. Faults name variables, never their values.
 */
export function interpolate(document: unknown, environment: Environment): Interpolation {
  const faults: DocumentFault[] = [];
  const wrapped: WrappedVariable[] = [];
  const mayHoldVariables = createFieldRule(document);

  const resolveScalar = (text: string, path: DocumentPath): string =>
    text.replace(REFERENCE, (reference, name: string | undefined, fallback: string | undefined) => {
      if (reference === '$$') return '$';
      if (name === undefined) {
        return fault(path, 'contains a malformed variable: write ${VARIABLE}, or $$ for a dollar sign');
      }
      if (!mayHoldVariables(path))
        return fault(path, 'is included in tokens and must not contain a variable');
      if (fallback !== undefined && isKey(path) && fallback !== '' && isPlaceholder(fallback)) {
        return fault(path, 'has a variable with a placeholder as its default: remove the default');
      }
      const value = findVariable(environment, name);
      if (value !== undefined && hasWrapping(value)) wrapped.push({ path, name });
      return value ?? fallback ?? fault(path, describeUnset(name));
    });
  const fault = (path: DocumentPath, message: string): string => {
    faults.push({ path, message });
    return '';
  };
  const resolve = (node: unknown, path: DocumentPath): unknown => {
    if (typeof node === 'string') return resolveScalar(node, path);
    if (Array.isArray(node)) return node.map((item, index) => resolve(item, [...path, index]));
    if (typeof node !== 'object' || node === null) return node;
    return Object.fromEntries(
      Object.entries(node).map(([name, value]) => [name, resolve(value, [...path, name])]),
    );
  };

  return { document: resolve(document, []), faults, wrapped };
}

/** Treats a blank value as unset, because a blank key could be guessed. */
function findVariable(environment: Environment, name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  return value === undefined || value.trim() === '' ? undefined : value;
}

function isKey(path: DocumentPath): boolean {
  return path.at(-1) === 'api_key' && path[0] !== 'metadata';
}

/** Omits names that may be secrets written between the braces by mistake. */
function describeUnset(name: string): string {
  return isPrintableVariable(name)
    ? `needs the environment variable ${name}, which is not set`
    : 'needs an environment variable that is not set; its name is not shown because it may be a secret';
}

/** Whether a field never enters a token: a private field, or metadata that `metadata_claims` omits. */
function createFieldRule(document: unknown): (path: DocumentPath) => boolean {
  const released = readReleasedMetadata(document);
  return ([field, index, member]) => {
    if (field === 'models') return typeof index === 'number' && PRIVATE_MODEL_FIELDS.has(String(member));
    if (field === 'metadata') return released !== undefined && !released.includes(String(index));
    return PRIVATE_FIELDS.has(String(field));
  };
}

/** Resolves the names. They may contain `$$`, but no variables. */
function readReleasedMetadata(document: unknown): readonly string[] | undefined {
  if (typeof document !== 'object' || document === null || !('metadata_claims' in document)) return undefined;
  if (!Array.isArray(document.metadata_claims)) return undefined;
  return document.metadata_claims.map((name) => String(name).replaceAll('$$', '$'));
}
