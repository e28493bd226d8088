import type { Request } from 'express';
import { InvalidRequestError } from '../../base/errors.js';
import { readParameter } from '../../http/read-parameter.js';
import { claimedKeyOf } from '../endpoints/prove-sender.js';
import { parametersOf } from '../endpoints/receive-parameters.js';
import { JWT_BEARER } from '../grants/jwt-bearer-grant.js';
import type { Client } from '../request-client.js';
import type { FailureThrottle } from '../throttle-failures.js';
import type { WorkloadClients } from './workload-clients.js';

/** Dependencies of `identifyWorkload()`. */
export interface IdentifyWorkloadParts {
  /** @default undefined (JWTs of workloads are not accepted) */
  readonly workloadClients?: WorkloadClients | undefined;
  readonly throttle: FailureThrottle;
}

/**
 * Identify the client by the JWT of a workload (RFC 7523 §3.1). Client authentication is optional, but credentials that
 * are sent must be valid.
 *
 * @param authenticate authenticates the client by its credentials. `undefined` if the request has none
 * @returns `undefined` if the request has a different grant type, or JWTs of workloads are not accepted
 */
export async function identifyWorkload(
  req: Request,
  { workloadClients, throttle }: IdentifyWorkloadParts,
  authenticate: (() => Promise<Client>) | undefined,
): Promise<Client | undefined> {
  const parameters = parametersOf(req);
  const isFor = workloadClients !== undefined && readParameter(parameters, 'grant_type') === JWT_BEARER;
  if (!isFor) return undefined;
  const assertion = readParameter(parameters, 'assertion');
  if (assertion === undefined) throw new InvalidRequestError('The parameter assertion is missing');
  const apiKey = (await authenticate?.())?.apiKey;
  const clientId = readParameter(parameters, 'client_id');
  return throttle.judge(req, () =>
    workloadClients.identify(assertion, { apiKey, clientId, jkt: claimedKeyOf(req) }),
  );
}
