import { type Account, type Context, errors } from 'oidc-provider';
import { TemporarilyUnavailableError } from 'passport-jwe';
import type { Directory, DirectoryPerson } from 'passport-jwe/ldap';
import { findBySubject } from '../people.js';
import type { SignOuts } from './sign-outs.js';

/** A person of the directory who has a session. */
export interface PersonAccount extends Account {
  readonly person: DirectoryPerson;
}

/**
 * Create the function with which oidc-provider finds the person of a session, code or refresh token. It asks the directory each
 * time. A person who has been disabled loses all sessions with the next refresh.
 */
export function createFindAccount(directory: Directory, signOuts: SignOuts) {
  return async (ctx: Context<PersonAccount>, accountId: string): Promise<PersonAccount | undefined> => {
    const found = await findBySubject(directory, accountId).catch((failure: unknown) => {
      throw failure instanceof TemporarilyUnavailableError ? outage() : failure;
    });
    if (found.kind === 'active') {
      const { person } = found;
      return { accountId, person, claims: () => ({ sub: accountId }) };
    }
    if (found.isFinal) await signOuts.endPerson(accountId);
    const { session } = ctx.oidc;
    if (session === undefined) return undefined; // The token endpoint answers invalid_grant.
    // The browser of a person who is locked asks for the password again.
    await session.destroy();
    throw new errors.AccessDenied('the account is not active');
  };
}

/** 503, because an outage says nothing about the person. The refresh token remains valid. */
function outage(): errors.TemporarilyUnavailable {
  return Object.assign(new errors.TemporarilyUnavailable('the directory is unavailable'), {
    ...{ status: 503, statusCode: 503 },
  });
}
