import { isUtf8 } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { estimateTokenLength, MAX_ISSUED_TOKEN_LENGTH } from '../claims/token-size.js';
import type { ApiKey } from './api-key.js';
import { digestSecret, type RegisteredKey } from './api-key-registry.js';
import { checkConsistency, type DocumentFault } from './check-consistency.js';
import { claimsByKeyType } from './claims-by-key-type.js';
import type { ConfigurationProblem } from './configuration-error.js';
import { type Environment, interpolate } from './interpolate.js';
import { formatPath, type Position } from './locate-nodes.js';
import { parseYaml } from './parse-yaml.js';
import { resolveApiKey } from './resolve-api-key.js';
import { apiKeySchema } from './schema.js';

/** One file: the key that it configures, or everything that is wrong with it. */
export type FileReading =
  | { readonly ok: true; readonly key: RegisteredKey; readonly problemAt: ProblemAt }
  | { readonly ok: false; readonly problems: readonly ConfigurationProblem[] };

/** Words a fault of the file as a problem at its place. */
type ProblemAt = (fault: DocumentFault) => ConfigurationProblem;

const MAX_FILE_BYTES = 64 * 1024;

/** What a request can add to the claims of a key: user, session, issuer, times and identifiers. */
const REQUEST_CLAIMS_LENGTH = 1024;

/** Reads, parses, interpolates and validates one file. */
export async function readApiKeyFile(file: string, environment: Environment): Promise<FileReading> {
  const source = await readSource(file).catch(toUnreadable);
  if (!source.ok) return problem(file, { line: 1, column: 1 }, source.message);
  const yaml = parseYaml(source.text);
  if (!yaml.ok) return problem(file, yaml.fault.position, yaml.fault.message);

  const problemAt: ProblemAt = ({ path, message }) => ({
    file,
    ...yaml.positionOf(path),
    path: formatPath(path),
    message,
  });
  const { document, faults } = interpolate(yaml.document, environment);
  const validation = validateDocument(document, faults);
  if (!validation.ok) return { ok: false, problems: validation.faults.map(problemAt) };
  return { ok: true, key: validation.key, problemAt };
}

type Validation =
  | { readonly ok: true; readonly key: RegisteredKey }
  | { readonly ok: false; readonly faults: readonly DocumentFault[] };

/** One fault a field: what the schema says of one that did not resolve, or is not allowed, is noise. */
function validateDocument(document: unknown, unresolved: readonly DocumentFault[]): Validation {
  const parsed = apiKeySchema.safeParse(document);
  const found = [
    ...unresolved,
    ...(parsed.success ? [] : parsed.error.issues.flatMap(toFaults)),
    ...checkConsistency(document),
  ];
  const firstByPath = new Map(found.toReversed().map((fault) => [formatPath(fault.path), fault]));
  const faults = found.filter((fault) => firstByPath.get(formatPath(fault.path)) === fault);
  if (!parsed.success || faults.length > 0) return { ok: false, faults };

  const apiKey = resolveApiKey(parsed.data);
  if (apiKey === undefined) {
    return { ok: false, faults: [{ path: ['name'], message: 'yields no key_id; give one' }] };
  }
  if (!fitsInToken(apiKey)) {
    const message = `would make tokens of more than ${MAX_ISSUED_TOKEN_LENGTH} characters; use metadata_claims or shorter lists`;
    return { ok: false, faults: [{ path: [], message }] };
  }
  return { ok: true, key: { apiKey, digest: digestOf(parsed.data.api_key) } };
}

/** An unknown field is reported where it stands, and not where its mapping begins. */
function toFaults(issue: {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}): readonly DocumentFault[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.keys === undefined) return [{ path, message: issue.message }];
  return issue.keys.map((name) => ({ path: [...path, name], message: 'is not a field that is known here' }));
}

function fitsInToken(apiKey: ApiKey): boolean {
  const scopes = [apiKey.permissions.join(' '), apiKey.permissions];
  const longestAudience = Math.max(0, ...apiKey.audiences.map((audience) => audience.length));
  const claims = { ...claimsByKeyType(apiKey), scopes, client_id: apiKey.keyId, sub: apiKey.keyId };
  const requestLength = Math.ceil(((REQUEST_CLAIMS_LENGTH + longestAudience) * 4) / 3);
  return estimateTokenLength(claims) + requestLength <= MAX_ISSUED_TOKEN_LENGTH;
}

function digestOf(apiKey: string): Buffer {
  const prefix = 'sha256:';
  return apiKey.startsWith(prefix) ? Buffer.from(apiKey.slice(prefix.length), 'hex') : digestSecret(apiKey);
}

type Source = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly message: string };

async function readSource(file: string): Promise<Source> {
  const stats = await stat(file);
  if (!stats.isFile()) return { ok: false, message: 'must be a file' };
  if (stats.size > MAX_FILE_BYTES) return { ok: false, message: `must have at most ${MAX_FILE_BYTES} bytes` };
  const bytes = await readFile(file);
  if (!isUtf8(bytes)) return { ok: false, message: 'must be UTF-8' };
  return { ok: true, text: bytes.toString('utf8') };
}

function toUnreadable(cause: NodeJS.ErrnoException): Source {
  return { ok: false, message: `cannot be read (${cause.code ?? cause.name})` };
}

function problem(file: string, position: Position, message: string): FileReading {
  return { ok: false, problems: [{ file, ...position, path: '', message }] };
}
