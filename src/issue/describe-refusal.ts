import type { AuditEvent } from '../audit/events.js';
import {
  InvalidClientError,
  InvalidGrantError,
  InvalidRequestError,
  type PassportJweError,
} from '../base/errors.js';

type Refusal = Extract<AuditEvent, { readonly type: 'issuance.refused' }>;

/** A rejected token request as audit events describe it. */
export function describeRefusal(error: PassportJweError): Pick<Refusal, 'type' | 'code' | 'reason'> {
  const isReasoned =
    error instanceof InvalidClientError ||
    error instanceof InvalidGrantError ||
    error instanceof InvalidRequestError;
  const reason = isReasoned && error.reason !== undefined ? { reason: error.reason } : {};
  return { type: 'issuance.refused', code: error.code, ...reason };
}
