import * as v from 'valibot';
import { isIdTokenIssuer } from './is-id-token-issuer.js';
import { filledList } from './list-schemas.js';
import { mapping, mappingOf } from './mapping.js';
import { type ClaimConditions, isClaimConditions } from './matches-conditions.js';
import { scopeToken } from './scope-token.js';
import { text } from './text.js';

const GROUP_PERMISSIONS = 'must be a mapping of groups to lists of scopes';

const idTokenRule = mapping(
  {
    issuer: v.pipe(
      text(512),
      v.check(
        (value) => isIdTokenIssuer(value),
        'must be the iss of the ID tokens as an https URL (http on loopback only), without query and fragment',
      ),
    ),
    audiences: filledList(text(512), 'must contain at least one client ID of the provider'),
    claims: v.optional(
      v.custom<ClaimConditions>(
        (value) => isClaimConditions(value),
        'must be a mapping of claims to non-empty strings, or to mappings of their members',
      ),
    ),
    group_permissions: v.optional(
      mappingOf(text(512), filledList(scopeToken, 'must contain at least one scope'), GROUP_PERMISSIONS),
    ),
  },
  'must be a mapping of issuer, audiences, claims and group_permissions',
);

/** Schema for the field `id_tokens`: the ID tokens that an API key may exchange. Default: an empty list. */
export const idTokens = v.optional(
  v.pipe(
    v.array(idTokenRule, 'must be a list'),
    v.maxLength(256, 'must have at most 256 entries'),
    v.check(
      (rules) => new Set(rules.map(({ issuer }) => issuer)).size === rules.length,
      'must list each issuer once: merge the entries of one issuer',
    ),
  ),
  () => [],
);
