/**
 * Request that caused an audit event.
 *
 * @inline
 */
export interface AuditOrigin {
  /** Client address. */
  readonly ip?: string;
  /** ID of the request. */
  readonly requestId?: string;
}

interface PossibleOrigin {
  readonly ip?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Return the known members of an origin, without other members. */
export function auditOrigin({ ip, requestId }: PossibleOrigin): AuditOrigin {
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(requestId === undefined ? {} : { requestId }),
  };
}
