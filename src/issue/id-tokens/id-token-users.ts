import type { ApiKey } from '../../api-keys/api-key.js';
import { auditOrigin } from '../../audit/audit-origin.js';
import type { AuditTrail } from '../../audit/record.js';
import type { Clock } from '../../base/clock.js';
import { InvalidGrantError, InvalidScopeError } from '../../base/token-endpoint-errors.js';
import { subjectOf } from '../../directory/subject-of.js';
import type { CounterStore } from '../../stores/counter-store.js';
import { useOnce } from '../use-once.js';
import { NO_GROUP_SCOPE } from '../users/identity-of-person.js';
import { permissionsOfGroups } from '../users/permissions-of-groups.js';
import { recordAuthenticated } from '../users/record-authenticated.js';
import type { VerifiedUser } from '../users/verified-user.js';
import type { UserContext, VerifiedUsers } from '../users/verified-users.js';
import { readGroups } from './read-groups.js';
import { readLinkClaim } from './read-link-claim.js';
import type { IdentityProviders } from './resolve-identity-providers.js';
import { invalidIdToken, type VerifiedIdToken, verifyIdToken } from './verify-id-token.js';

/** Dependencies of `createIdTokenUsers()`. */
export interface IdTokenUsersParts {
  readonly identityProviders: IdentityProviders;
  /** People of the directories to which providers are linked. */
  readonly users: Pick<VerifiedUsers, 'identifyPerson' | 'record'>;
  /** Store of the used ID tokens. `undefined` if the router has no identity provider. */
  readonly counters: CounterStore | undefined;
  readonly audit: AuditTrail;
  readonly clock: Clock;
}

/** Users whom ID tokens identify. */
export interface IdTokenUsers {
  /**
   * Verify an ID token.
   *
   * @param jkt thumbprint of the key of the DPoP proof
   * @throws InvalidRequestError (as rejection) if the ID token is rejected
   * @throws TemporarilyUnavailableError (as rejection) if the keys of the provider are unavailable
   */
  verify(idToken: string, apiKey: ApiKey, jkt: string | undefined): Promise<VerifiedIdToken>;
  /**
   * Find the user of a verified ID token: in the ID token, or in the directory to which the provider is linked.
   *
   * @throws InvalidGrantError (as rejection) if the user is not active, or the groups in the ID token are incomplete
   * @throws InvalidScopeError (as rejection) if the groups of the user grant no permission
   * @throws TemporarilyUnavailableError (as rejection) if the directory or a store is unavailable
   */
  identify(idToken: VerifiedIdToken, context: UserContext): Promise<VerifiedUser>;
  /**
   * Record the use of an ID token for a user, and the user. Call it last, so that a rejected request does not use up the ID
   * token.
   *
   * @throws InvalidRequestError (as rejection) if the ID token was used before
   * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable
   */
  consume(idToken: VerifiedIdToken, identity: VerifiedUser, context: UserContext): Promise<void>;
}

/** Create the identification of users by ID tokens. */
export function createIdTokenUsers(parts: IdTokenUsersParts): IdTokenUsers {
  const { identityProviders: providers, users, counters, audit, clock } = parts;
  return {
    verify: (idToken, { idTokens: rules }, jkt) => verifyIdToken(idToken, { providers, rules, jkt }, clock()),

    async identify(idToken, context) {
      const { groups } = idToken.provider;
      if (groups.from !== 'directory') return identifyByProvider(idToken, context, audit);
      const { name, by } = groups.link;
      const value = readLinkClaim(idToken.claims, groups.link.claim, idToken.provider.type);
      return users.identifyPerson(
        name,
        (people, client) => (by === 'id' ? people.byId(value, client) : people.byName(value, client)),
        context,
      );
    },

    async consume({ provider, signed, usableUntil }, identity, context) {
      if (counters === undefined)
        throw new TypeError('The router has no store of ID tokens: report this bug in passport-jwe');
      const use = { purpose: 'id-token', owner: provider.name, jti: signed, usableUntil } as const;
      if (!(await useOnce(counters, use))) throw invalidIdToken('assertion_replayed');
      if (identity.person !== undefined) return users.record(identity, context);
      await recordAuthenticated(audit, { subject: identity.subject, provider: provider.name }, context);
    },
  };
}

function describe(subject: string, provider: string, { apiKey, origin }: UserContext) {
  return { clientId: apiKey.keyId, subject, provider, ...auditOrigin(origin) };
}

/** Identify a user by the ID token alone. */
async function identifyByProvider(
  idToken: VerifiedIdToken,
  context: UserContext,
  audit: AuditTrail,
): Promise<VerifiedUser> {
  const { name } = idToken.provider;
  const subject = subjectOf(name, idToken.id);
  const { groupPermissions, claims: conditions } = idToken.rule;
  const { permissions } = context.apiKey;
  if (groupPermissions === undefined) {
    // A registry without `addRule` can have such an API key. The router rejects the others.
    if (Object.keys(conditions).length === 0) throw new InvalidScopeError(NO_GROUP_SCOPE);
    return { subject, available: permissions, claims: {} };
  }
  const groups = findGroups(idToken);
  if (groups === undefined) {
    const reason = 'user_groups_overage';
    await audit.record({ type: 'user.rejected', reason, ...describe(subject, name, context) });
    throw new InvalidGrantError(reason);
  }
  const available = permissionsOfGroups(permissions, groupPermissions, groups);
  if (available.length === 0) throw new InvalidScopeError(NO_GROUP_SCOPE);
  return { subject, available, claims: {} };
}

function findGroups({ provider, claims }: VerifiedIdToken): readonly string[] | undefined {
  return provider.groups.from === 'claim' ? readGroups(claims, provider.groups.claim) : [];
}
