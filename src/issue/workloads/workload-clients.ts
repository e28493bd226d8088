import type { ApiKey } from '../../api-keys/api-key.js';
import { type ApiKeyRegistry, assertMayIssue } from '../../api-keys/api-key-registry.js';
import type { Clock } from '../../base/clock.js';
import { InvalidClientError, InvalidGrantError } from '../../base/token-endpoint-errors.js';
import type { CounterStore } from '../../stores/counter-store.js';
import type { Client } from '../request-client.js';
import { useOnce } from '../use-once.js';
import { findWorkloadKey } from './find-workload-key.js';
import { verifyWorkload, type WorkloadTerms } from './verify-workload.js';
import type { Workload } from './workload.js';

/** Client of a request with the JWT of a workload, as far as the request names one. */
export interface NamedClient {
  /** Authenticated client. `undefined` if the request has no credentials besides the JWT. */
  readonly apiKey: ApiKey | undefined;
  /** `client_id` of the request. */
  readonly clientId: string | undefined;
  /** Thumbprint of the key of the DPoP proof, whose signature is verified before a token is issued. */
  readonly jkt: string | undefined;
}

/** Identifies clients by the JWTs of workloads. */
export interface WorkloadClients {
  /**
   * Verify the JWT of a workload, and find its API key.
   *
   * @throws InvalidGrantError (as rejection) if the JWT is rejected, or does not belong to exactly one API key
   * @throws TemporarilyUnavailableError (as rejection) if the keys of the issuer or the store are unavailable
   */
  identify(assertion: string, named: NamedClient): Promise<Client>;
}

export interface WorkloadClientsParts extends Omit<WorkloadTerms, 'jkt'> {
  readonly apiKeys: ApiKeyRegistry;
  /** Store of the used ID-JAGs. `undefined` rejects every ID-JAG. */
  readonly counters: CounterStore | undefined;
  readonly clock: Clock;
}

/** Create the identification of clients by the JWTs of workloads (RFC 7523 §2.1, §3.1). */
export function createWorkloadClients({
  apiKeys,
  counters,
  clock,
  ...terms
}: WorkloadClientsParts): WorkloadClients {
  return {
    async identify(assertion, { apiKey: authenticated, clientId, jkt }) {
      const workload = await verifyWorkload(assertion, { ...terms, jkt }, clock());
      if (workload.isUser) assertUserClient(workload, authenticated, counters);
      const apiKey = findWorkloadKey(apiKeys.apiKeys, workload);
      const named = authenticated?.keyId ?? clientId ?? apiKey.keyId;
      if (named !== apiKey.keyId) throw new InvalidGrantError('wrong_client', workload);
      assertActive(apiKey, workload, clock);
      if (workload.isUser && counters !== undefined) await consume(workload, counters);
      return { apiKey: authenticated ?? apiKey, isPublic: false, workload };
    },
  };
}

/** Assert that an ID-JAG comes from its authenticated client (draft-ietf-oauth-identity-assertion-authz-grant §4.4). */
function assertUserClient(
  workload: Workload,
  client: ApiKey | undefined,
  counters: CounterStore | undefined,
): void {
  if (counters === undefined) throw new InvalidGrantError('assertion_type', workload);
  if (client === undefined) throw new InvalidGrantError('no_client', workload);
  if (workload.claims['client_id'] !== client.keyId) throw new InvalidGrantError('wrong_client', workload);
}

function assertActive(apiKey: ApiKey, workload: Workload, clock: Clock): void {
  try {
    assertMayIssue(apiKey, clock());
  } catch (error) {
    if (!(error instanceof InvalidClientError)) throw error;
    throw new InvalidGrantError('key_inactive', workload);
  }
}

/** Record the use of an ID-JAG, which is accepted once. JWTs of workloads can be used until they expire. */
async function consume(workload: Workload, counters: CounterStore): Promise<void> {
  const { issuer, claims } = workload;
  const { jti, exp } = claims;
  const singleUse = { purpose: 'id-jag', owner: issuer, jti: String(jti), usableUntil: Number(exp) } as const;
  if (!(await useOnce(counters, singleUse))) throw new InvalidGrantError('assertion_replayed', workload);
}
