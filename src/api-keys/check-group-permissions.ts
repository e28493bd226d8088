import { isJsonObject } from '../base/json.js';
import { normalizeDn } from '../directory/normalize-dn.js';
import type { DocumentFault } from './document-fault.js';

/** Find contradictions between `users`, `group_permissions`, `permissions` and `workloads` of a YAML document. */
export function checkGroupPermissions(document: unknown): readonly DocumentFault[] {
  if (!isJsonObject(document)) return [];
  const { users, group_permissions: groups, permissions, workloads, id_tokens: idTokens } = document;
  const hasDirectory = isJsonObject(users);
  return [
    ...(hasDirectory && !hasGroups(groups) ? [NO_GROUPS] : []),
    // The providers of ID tokens can be linked to a directory. Only the router knows this.
    ...(groups !== undefined && !hasDirectory && idTokens === undefined ? [NO_DIRECTORY] : []),
    ...(isJsonObject(groups)
      ? [
          ...findSurplus(groups, Array.isArray(permissions) ? permissions : []),
          ...findDuplicates(Object.keys(groups)),
        ]
      : []),
    ...(hasDirectory && Array.isArray(workloads) ? findUserWorkloads(workloads) : []),
  ];
}

/** Whether there are groups. A malformed field is a fault of the schema. */
function hasGroups(groups: unknown): boolean {
  return groups !== undefined && !(isJsonObject(groups) && Object.keys(groups).length === 0);
}

function findSurplus(groups: object, permissions: readonly unknown[]): readonly DocumentFault[] {
  return Object.entries(groups).flatMap(([group, scopes]: [string, unknown]) =>
    (Array.isArray(scopes) ? scopes : []).flatMap((scope, index) =>
      permissions.includes(scope) ? [] : [{ path: ['group_permissions', group, index], ...SURPLUS }],
    ),
  );
}

function findDuplicates(groups: readonly string[]): readonly DocumentFault[] {
  const names = groups.map((group) => normalizeDn(group));
  return groups.flatMap((group, index) =>
    names[index] !== undefined && names.indexOf(names[index]) !== index
      ? [{ path: ['group_permissions', group], ...DUPLICATE }]
      : [],
  );
}

/** The subject of an ID-JAG is an identity of its provider, which a directory does not know. */
function findUserWorkloads(workloads: readonly unknown[]): readonly DocumentFault[] {
  return workloads.flatMap((workload, index) =>
    isJsonObject(workload) && /^true$/i.test(String(workload['users']))
      ? [{ path: ['workloads', index, 'users'], ...ID_JAG }]
      : [],
  );
}

const NO_GROUPS: DocumentFault = {
  path: ['group_permissions'],
  message: 'is required with a directory in users: without groups, no user would receive a scope',
};

const NO_DIRECTORY: DocumentFault = {
  path: ['group_permissions'],
  message:
    'requires a directory in users, for example users: { directory: corp }, or id_tokens of a provider that is linked to a directory',
};

const SURPLUS = {
  message: 'must be a scope in permissions: add the scope there, or remove it here',
};

const DUPLICATE = { message: 'must be unique: two names are the same group, so merge their scopes' };

const ID_JAG = {
  message: 'is not allowed with a directory in users: use a separate API key with users: true',
};
