import { isJsonObject } from '../base/json.js';
import type { DocumentPath } from './format-path.js';

/** A fault at a path of a document. */
export interface DocumentFault {
  readonly path: DocumentPath;
  readonly message: string;
}

/**
 * Finds faults between fields. It checks the parsed document, not the validated one, so that these faults are reported
 * together with the faults of single fields.
 */
export function checkConsistency(document: unknown): readonly DocumentFault[] {
  if (!isJsonObject(document)) return [];
  return [
    ...checkModels(asList(document['models'])),
    ...checkScopeTtl(document['scope_ttl'], asList(document['permissions'])),
    ...checkMetadataClaims(asList(document['metadata_claims']), document['metadata']),
    ...checkFieldOfType(document, 'functions', 'function_call'),
    ...checkFieldOfType(document, 'endpoints', 'api_call'),
    ...checkNames(document, []),
  ];
}

function checkModels(models: readonly unknown[]): readonly DocumentFault[] {
  const names = models.map((model) => (isJsonObject(model) ? model['name'] : undefined));
  return models.flatMap((model, index) => {
    const faults: DocumentFault[] = [];
    if (!isJsonObject(model)) return faults;
    if (model['name'] !== undefined && names.indexOf(model['name']) !== index) {
      faults.push({ path: ['models', index, 'name'], message: 'must be unique among models' });
    }
    if (model['api_key'] === undefined && model['endpoint'] !== 'echo:') {
      faults.push({ path: ['models', index, 'api_key'], message: 'is required unless endpoint is echo:' });
    }
    return faults;
  });
}

function checkScopeTtl(scopeTtl: unknown, permissions: readonly unknown[]): readonly DocumentFault[] {
  if (!isJsonObject(scopeTtl)) return [];
  return Object.keys(scopeTtl)
    .filter((scope) => !permissions.includes(scope))
    .map((scope) => ({ path: ['scope_ttl', scope], message: 'must be a scope in permissions' }));
}

function checkMetadataClaims(names: readonly unknown[], metadata: unknown): readonly DocumentFault[] {
  return names.flatMap((name, index) =>
    typeof name === 'string' && isJsonObject(metadata) && Object.hasOwn(metadata, name)
      ? []
      : [{ path: ['metadata_claims', index], message: 'must be the name of a field in metadata' }],
  );
}

function checkFieldOfType(document: object, field: string, type: string): readonly DocumentFault[] {
  const misplaced = field in document && 'type' in document && document.type !== type;
  return misplaced ? [{ path: [field], message: `is only allowed for type ${type}` }] : [];
}

/** `__proto__` is an ordinary name in YAML, but sets the prototype in JavaScript. */
function checkNames(node: unknown, path: DocumentPath): readonly DocumentFault[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) => {
    const here = [...path, Array.isArray(node) ? Number(name) : name];
    return name === '__proto__'
      ? [{ path: here, message: 'is not an allowed name' }]
      : checkNames(value, here);
  });
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
