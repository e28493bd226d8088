import { isJsonObject, type JsonObject } from '../base/json.js';
import type { DocumentFault } from './document-fault.js';
import type { DocumentPath } from './format-path.js';
import { ENDPOINT_FIELDS } from './model-schema.js';

/** Find contradictions between the fields of the models in a parsed document. */
export function checkModels(models: readonly unknown[]): readonly DocumentFault[] {
  const names = models.map((model) => (isJsonObject(model) ? model['name'] : undefined));
  return models.flatMap((model, index) => {
    const path: DocumentPath = ['models', index];
    if (!isJsonObject(model)) return [];
    const isRepeated = model['name'] !== undefined && names.indexOf(model['name']) !== index;
    return [
      ...(isRepeated
        ? [{ path: [...path, 'name'], message: 'must be unique: two models have this name' }]
        : []),
      ...(model['endpoints'] === undefined ? checkEndpoint(model, path) : checkEndpoints(model, path)),
    ];
  });
}

function checkEndpoint(fields: JsonObject, path: DocumentPath): readonly DocumentFault[] {
  if (fields['endpoint'] === undefined) {
    return [{ path: [...path, 'endpoint'], message: 'is required unless endpoints is set' }];
  }
  if (fields['api_key'] !== undefined || fields['headers'] !== undefined || fields['endpoint'] === 'echo:') {
    return [];
  }
  return [{ path: [...path, 'api_key'], message: 'is required unless endpoint is echo: or headers is set' }];
}

function checkEndpoints(model: JsonObject, path: DocumentPath): readonly DocumentFault[] {
  const misplaced = ENDPOINT_FIELDS.filter((name) => model[name] !== undefined).map((name) => ({
    path: [...path, name],
    message: 'is not allowed with endpoints: move it to the entries of endpoints',
  }));
  const { endpoints } = model;
  const entries = Array.isArray(endpoints) ? endpoints : [];
  const faults = entries.flatMap((entry: unknown, index) =>
    // The schema reports an entry without `endpoint`.
    isJsonObject(entry) && entry['endpoint'] !== undefined
      ? checkEndpoint(entry, [...path, 'endpoints', index])
      : [],
  );
  return [...misplaced, ...faults];
}
