import * as v from 'valibot';
import { normalizeDn } from '../directory/normalize-dn.js';
import { text } from './text.js';

/** Error message for `group_permissions` and its names. */
export const GROUP_PERMISSIONS =
  'must be a mapping of distinguished names of groups to lists of scopes, for example "cn=staff,ou=groups,dc=example,dc=com": [read:documents]';

/** Schema for the distinguished name of a group (RFC 4514). */
export const groupDn = v.pipe(
  text(2048),
  v.check((dn) => normalizeDn(dn) !== undefined, GROUP_PERMISSIONS),
);
