import { isJsonObject, type JsonObject } from '../../base/json.js';
import { invalidIdToken } from './verify-id-token.js';

/**
 * Read the groups in an ID token. Without the claim, the person is in no group.
 *
 * @returns `undefined` if the provider left out groups, because there are too many (overage)
 * @throws InvalidRequestError if the claim is malformed
 */
export function readGroups(claims: JsonObject, claim: string): readonly string[] | undefined {
  if (isOverage(claims, claim)) return undefined;
  const value = Object.hasOwn(claims, claim) ? claims[claim] : [];
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isGroup = (group: unknown): group is string => typeof group === 'string' && group !== '';
  if (!groups.every(isGroup)) throw invalidIdToken('assertion_claim');
  return groups;
}

/**
 * Whether Entra ID replaced the groups by a reference: a distributed claim (OpenID Connect Core §5.6.2), or `hasgroups` in
 * ID tokens of the implicit flow. The groups in the ID token, if any, are then incomplete.
 */
function isOverage({ _claim_names: names, hasgroups }: JsonObject, claim: string): boolean {
  const isDistributed = isJsonObject(names) ? Object.hasOwn(names, claim) : names !== undefined;
  return isDistributed || (claim === 'groups' && hasgroups !== undefined && hasgroups !== false);
}
