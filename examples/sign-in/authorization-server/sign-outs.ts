import type { Revocations } from 'passport-jwe';
import type { Records } from './records.js';

/** Ends sessions, and revokes their access tokens. */
export interface SignOuts {
  /** Revoke the access tokens of a session that oidc-provider has ended. */
  endSession(sessionId: string, subject: string): Promise<void>;
  /** End all sessions of a person: on all devices, with all refresh tokens and access tokens. */
  endPerson(subject: string): Promise<void>;
}

/**
 * Create the functions that end sessions. A revocation covers the tokens that were issued up to the current second, so it follows
 * the deletion of the grants: see `assertGranted()` in `create-provider.ts`.
 */
export function createSignOuts(options: {
  readonly records: Records;
  readonly revocations: Revocations;
  readonly issuer: string;
  readonly clientId: string;
}): SignOuts {
  const { records, revocations, issuer, clientId } = options;
  return {
    endSession: (sessionId, subject) =>
      revocations.revoke({ kind: 'session', issuer, clientId, sessionId, subject }),
    async endPerson(subject) {
      records.endPerson(subject);
      await revocations.revoke({ kind: 'subject', issuer, clientId, subject });
    },
  };
}
