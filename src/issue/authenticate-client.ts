import type { Request, RequestHandler } from 'express';
import type { ApiKey } from '../api-keys/api-key.js';
import { type ApiKeyRegistry, isExpired } from '../api-keys/api-key-registry.js';
import type { Clock } from '../base/clock.js';
import { InvalidClientError } from '../base/token-endpoint-errors.js';
import { asyncHandler } from '../http/async-handler.js';
import { readFields } from '../http/read-fields.js';
import { type Parameters, readParameter } from '../http/read-parameter.js';
import type { CertificateClients } from './certificate-clients.js';
import type { ClientAssertions } from './client-assertions.js';
import { parametersOf } from './endpoints/receive-parameters.js';
import { type CredentialReadings, readClientCredentials } from './read-client-credentials.js';
import { type Client, clientSlot } from './request-client.js';
import { type IdentifyWorkloadParts, identifyWorkload } from './workloads/identify-workload.js';

/** Dependencies of the client authentication. */
export interface ClientParts extends IdentifyWorkloadParts {
  readonly apiKeys: ApiKeyRegistry;
  readonly assertions: ClientAssertions;
  /** @default undefined (certificates of TLS connections have no effect) */
  readonly certificates?: CertificateClients | undefined;
  readonly clock: Clock;
}

/**
 * Create a middleware that authenticates the client by its API key (RFC 6749 §2.3), its private key (RFC 7523 §2.2) or its
 * TLS certificate (RFC 8705 §2). On failure, it passes an `InvalidClientError`, `InvalidRequestError` or
 * `RateLimitExceededError` to the error handler.
 */
export function authenticateClient(parts: ClientParts): RequestHandler {
  return asyncHandler(async function authenticateClient(req, _res, next) {
    clientSlot.fill(req, await authenticate(req, parts));
    next();
  });
}

/**
 * Create a variant of `authenticateClient()` that also accepts the JWTs of workloads (RFC 7523 §2.1), and public clients. A
 * public client sends its `client_id` and a refresh token, but no secret (RFC 6749 §2.1, §6; RFC 7009 §2.1).
 *
 * @param isOpen whether a public client may send a request with these parameters
 */
export function authenticateOrIdentifyClient(
  parts: ClientParts,
  isOpen: (parameters: Parameters) => boolean,
): RequestHandler {
  return asyncHandler(async function authenticateOrIdentifyClient(req, _res, next) {
    const isConfidential = hasCredentials(req) || hasMatchingCertificate(req, parts);
    const credentials = isConfidential ? () => authenticate(req, parts) : undefined;
    const isPublic = credentials === undefined && isOpen(parametersOf(req));
    clientSlot.fill(
      req,
      (await identifyWorkload(req, parts, credentials)) ??
        (isPublic ? await identifyPublicClient(req, parts) : undefined) ??
        (await authenticate(req, parts)),
    );
    next();
  });
}

async function authenticate(req: Request, parts: ClientParts): Promise<Client> {
  const { throttle, certificates } = parts;
  const parameters = parametersOf(req);
  const clientId = readParameter(parameters, 'client_id');
  if (clientId !== undefined && certificates?.isFor(clientId) === true && !hasCredentials(req)) {
    const certified = await throttle.judge(req, () => certificates.authenticate(req, clientId));
    return { apiKey: certified, isPublic: false, isCertified: true };
  }
  const readings = readClientCredentials({
    authorization: readFields(req, 'authorization'),
    apiKeyHeader: readFields(req, 'x-api-key'),
    clientId,
    clientSecret: readParameter(parameters, 'client_secret'),
    assertionType: readParameter(parameters, 'client_assertion_type'),
    assertion: readParameter(parameters, 'client_assertion'),
  });
  const apiKey = await throttle.judge(req, () => findApiKey(parts, readings));
  return { apiKey, isPublic: false };
}

/** Rejection reasons that do not identify an API key. The reason of another reading is more specific. */
const UNIDENTIFIED: ReadonlySet<unknown> = new Set(['unknown_key', 'malformed_key']);

/**
 * Authenticate a client with the first reading that is accepted. For the throttle, all readings are one attempt.
 */
async function findApiKey(
  { apiKeys, assertions, clock }: ClientParts,
  readings: CredentialReadings,
): Promise<ApiKey> {
  const now = clock();
  let rejection: InvalidClientError | undefined;
  for (const credentials of readings) {
    try {
      if ('assertion' in credentials) return await assertions.authenticate(credentials, now);
      return await apiKeys.authenticate(credentials, now);
    } catch (failure) {
      if (!(failure instanceof InvalidClientError)) throw failure;
      if (rejection === undefined || UNIDENTIFIED.has(rejection.reason)) rejection = failure;
    }
  }
  throw rejection;
}

/**
 * Identify a public client.
 *
 * @returns `undefined` if the API key does not allow public clients
 */
async function identifyPublicClient(req: Request, parts: ClientParts): Promise<Client | undefined> {
  const parameters = parametersOf(req);
  const apiKey = parts.apiKeys.get(readParameter(parameters, 'client_id') ?? '');
  if (apiKey === undefined || !servesPublicClients(apiKey, parts.clock)) return undefined;
  await parts.throttle.judge(req, () => apiKey);
  return { apiKey, isPublic: true };
}

/** Parameters that authenticate a confidential client. */
const CREDENTIALS = ['client_secret', 'client_assertion', 'client_assertion_type'];

/** Whether a request has credentials of a confidential client. */
function hasCredentials(req: Request): boolean {
  const parameters = parametersOf(req);
  const isHeader = ['authorization', 'x-api-key'].some((name) => readFields(req, name).length > 0);
  return isHeader || CREDENTIALS.some((name) => readParameter(parameters, name) !== undefined);
}

/**
 * Whether the certificate of a request authenticates the client that `client_id` names. Otherwise, the client can still be
 * public.
 */
function hasMatchingCertificate(req: Request, { certificates }: ClientParts): boolean {
  const clientId = readParameter(parametersOf(req), 'client_id');
  return certificates?.matches(req, clientId) === true;
}

function servesPublicClients(apiKey: ApiKey, clock: Clock): boolean {
  return apiKey.refreshTokens === 'public' && apiKey.active && !isExpired(apiKey, clock());
}
