import { isJsonObject, type JsonObject, type JsonValue } from '../base/json.js';

/** Exact conditions on claims: strings, or conditions on the members of a claim. */
export interface ClaimConditions {
  readonly [claim: string]: string | ClaimConditions;
}

/** Maximum depth of conditions. The claim `kubernetes.io` of Kubernetes requires 3 levels. */
const MAX_DEPTH = 4;

/** Whether claims meet all conditions. A missing claim, or one of a different type, does not. */
export function matchesConditions(conditions: ClaimConditions, claims: JsonObject): boolean {
  return Object.entries(conditions).every(
    ([name, condition]) => Object.hasOwn(claims, name) && matchesCondition(condition, claims[name]),
  );
}

function matchesCondition(condition: string | ClaimConditions, claim: JsonValue | undefined): boolean {
  if (typeof condition === 'string') return condition === claim;
  return isJsonObject(claim) && matchesConditions(condition, claim);
}

/** Whether a value contains only conditions: non-empty strings, and non-empty mappings of them. */
export function isClaimConditions(value: unknown, maxDepth: number = MAX_DEPTH): value is ClaimConditions {
  if (!isJsonObject(value) || maxDepth === 0) return false;
  const conditions = Object.values(value);
  return (
    conditions.length > 0 &&
    conditions.every((each) =>
      typeof each === 'string' ? each !== '' : isClaimConditions(each, maxDepth - 1),
    )
  );
}
