import { isJsonObject } from '../base/json.js';
import { checkModels } from './check-models.js';
import type { DocumentFault } from './document-fault.js';
import type { DocumentPath } from './format-path.js';

/**
 * Find contradictions between fields. The check runs on the parsed document, before schema validation, so that one
 * error message lists both kinds of faults.
 */
export function checkConsistency(document: unknown): readonly DocumentFault[] {
  if (!isJsonObject(document)) return [];
  return [
    ...checkModels(asList(document['models'])),
    ...checkScopeTtl(document['scope_ttl'], asList(document['permissions'])),
    ...checkIdTokens(asList(document['id_tokens']), asList(document['permissions'])),
    ...checkMetadataClaims(asList(document['metadata_claims']), document['metadata']),
    ...checkFieldOfType(document, 'functions', 'function_call'),
    ...checkFieldOfType(document, 'endpoints', 'api_call'),
    ...checkNames(document, []),
  ];
}

function checkScopeTtl(scopeTtl: unknown, permissions: readonly unknown[]): readonly DocumentFault[] {
  if (!isJsonObject(scopeTtl)) return [];
  return Object.keys(scopeTtl)
    .filter((scope) => !permissions.includes(scope))
    .map((scope) => ({
      path: ['scope_ttl', scope],
      message: 'must be a scope in permissions: add the scope there, or remove it here',
    }));
}

/** Find scopes of groups that the API key itself does not have. */
function checkIdTokens(rules: readonly unknown[], permissions: readonly unknown[]): readonly DocumentFault[] {
  return rules.flatMap((rule, index) => {
    const groups = isJsonObject(rule) ? rule['group_permissions'] : undefined;
    return Object.entries(isJsonObject(groups) ? groups : {}).flatMap(([group, scopes]) =>
      asList(scopes).flatMap((scope, place) =>
        permissions.includes(scope)
          ? []
          : [
              {
                path: ['id_tokens', index, 'group_permissions', group, place],
                message: 'must be a scope in permissions: add the scope there, or remove it here',
              },
            ],
      ),
    );
  });
}

function checkMetadataClaims(names: readonly unknown[], metadata: unknown): readonly DocumentFault[] {
  return names.flatMap((name, index) =>
    typeof name === 'string' && isJsonObject(metadata) && Object.hasOwn(metadata, name)
      ? []
      : [
          {
            path: ['metadata_claims', index],
            message: 'must be the name of a field in metadata: add the field there, or remove the name here',
          },
        ],
  );
}

function checkFieldOfType(document: object, field: string, type: string): readonly DocumentFault[] {
  const misplaced = field in document && 'type' in document && document.type !== type;
  return misplaced
    ? [{ path: [field], message: `is only allowed for type ${type}: remove the field, or change the type` }]
    : [];
}

/** Find fields named `__proto__`: an ordinary name in YAML, but assigning it sets the prototype in JavaScript. */
function checkNames(node: unknown, path: DocumentPath): readonly DocumentFault[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => {
    const here = [...path, Array.isArray(node) ? Number(name) : name];
    return name === '__proto__'
      ? [{ path: here, message: 'is not an allowed name: rename the field' }]
      : checkNames(value, here);
  });
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
