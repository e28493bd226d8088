import { isPrintableVariable } from '../base/printable-name.js';
import type { DocumentFault } from './document-fault.js';
import type { DocumentPath } from './format-path.js';
import { hasWrapping, isPlaceholder } from './placeholder.js';

/** Environment variables by name, the values of `${VAR}` in API key files. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$|\$\{(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>[^}$]*))?\}|\$\{/g;

/** Fields that tokens never contain. */
const PRIVATE_FIELDS = new Set([
  ...[
    'api_key',
    'previous_api_key',
    'jwks',
    'jwks_uri',
    'assertion_audience',
    'tls_client_auth',
    'self_signed_tls_client_auth',
    'tls_client_certificate_bound_access_tokens',
    'workloads',
    'id_tokens',
    'active',
    'expires_at',
    'token_ttl',
    'scope_ttl',
    'users',
    'group_permissions',
  ],
]);
const PRIVATE_MODEL_FIELDS = new Set([
  ...['endpoint', 'endpoints', 'api_key', 'provider_model', 'headers', 'query', 'timeout_ms'],
  ...['idle_timeout_ms', 'token_limit_member', 'request_usage', 'max_tokens', 'media_tokens', 'temperature'],
]);

/** Result of `interpolate()`. */
export interface Interpolation {
  /** Copy of the document with resolved variables. */
  readonly document: unknown;
  readonly faults: readonly DocumentFault[];
  /** Variables whose value is enclosed in quotes or white space. */
  readonly wrapped: readonly WrappedVariable[];
}

/** Environment variable and the path of the field that contains it. */
export interface WrappedVariable {
  readonly path: DocumentPath;
  readonly name: string;
}

/**
 * Replace environment variables in all strings of a parsed document: `${VAR}`, `${VAR:-default}` and `$$` for a dollar
 * sign. The default applies if the variable is unset or blank. Fields that tokens may contain must not have variables,
 * because a token would reveal the environment.
 *
 * @returns a copy of the document, and all faults. Faults name variables, never their values.
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
        return fault(
          path,
          'must not contain a variable, because tokens include this field: remove the variable',
        );
      if (fallback !== undefined && isKey(path) && fallback !== '' && isPlaceholder(fallback)) {
        return fault(path, 'contains a variable whose default is a placeholder: remove the default');
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

/** Return the value of a variable. A blank value counts as unset, because a blank API key is easy to guess. */
function findVariable(environment: Environment, name: string): string | undefined {
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  return value === undefined || value.trim() === '' ? undefined : value;
}

function isKey(path: DocumentPath): boolean {
  return (path.at(-1) === 'api_key' || path.at(-2) === 'headers') && path[0] !== 'metadata';
}

/** Describe an unset variable. Omit the name if it may be a secret that was written between the braces by mistake. */
function describeUnset(name: string): string {
  return isPrintableVariable(name)
    ? `needs the environment variable ${name}, which is not set: set it to a value that is not blank`
    : 'needs an environment variable that is not set: set it, or correct its name (hidden, as it may be a secret)';
}

/**
 * Create a function that returns whether a field may contain variables. It may if tokens never contain the field: a
 * private field, or metadata that `metadata_claims` omits.
 */
function createFieldRule(document: unknown): (path: DocumentPath) => boolean {
  const released = readReleasedMetadata(document);
  return ([field, index, member]) => {
    if (field === 'models') return typeof index === 'number' && PRIVATE_MODEL_FIELDS.has(String(member));
    if (field === 'metadata') return released !== undefined && !released.includes(String(index));
    return PRIVATE_FIELDS.has(String(field));
  };
}

/** Return the names in `metadata_claims`, or `undefined` if there is no list. Replace `$$` with a dollar sign. */
function readReleasedMetadata(document: unknown): readonly string[] | undefined {
  if (typeof document !== 'object' || document === null || !('metadata_claims' in document)) return undefined;
  if (!Array.isArray(document.metadata_claims)) return undefined;
  return document.metadata_claims.map((name) => String(name).replaceAll('$$', '$'));
}
