import type { JsonObject } from '../../base/json.js';

/** Verified identity of a workload. Deeply frozen. */
export interface Workload {
  /** `iss` of the JWT, or the SPIFFE trust domain of a JWT-SVID without `iss`. */
  readonly issuer: string;
  /** `sub` of the JWT. */
  readonly subject: string;
  /** All claims of the JWT. */
  readonly claims: JsonObject;
  /** Present if the JWT is an ID-JAG: the subject is a user, for whom an authenticated client acts. */
  readonly isUser?: true;
}
