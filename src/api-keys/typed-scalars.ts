import { CORE_SCHEMA } from 'js-yaml';
import type { DocumentFault } from './document-fault.js';
import type { DocumentPath } from './format-path.js';
import type { FoundScalar } from './locate-nodes.js';

/** Pattern for leading zeros, as in a postal code. A number would lose them. */
const LEADING_ZERO = /^[-+]?0\d/;

/**
 * Convert plain scalars to null, boolean, integer, float or string (YAML 1.2 §10.3.2).
 *
 * @returns a copy of the document, and a fault for each number that JSON cannot represent exactly.
 */
export function readTypedScalars(document: unknown, scalars: readonly FoundScalar[]) {
  const values = new Map<string, unknown>();
  const faults: DocumentFault[] = [];
  for (const { path, text } of scalars) {
    const { value } = CORE_SCHEMA.resolveImplicitScalarTag(text);
    values.set(JSON.stringify(path), value);
    if (typeof value === 'number' && !isExact(value, text)) {
      faults.push({
        path,
        message: 'must be quoted, because a JSON number would lose digits: write it as a string',
      });
    }
  }
  return { document: values.size === 0 ? document : replace(document, [], values), faults };
}

function isExact(value: number, text: string): boolean {
  if (!Number.isFinite(value) || LEADING_ZERO.test(text)) return false;
  return !Number.isInteger(value) || Number.isSafeInteger(value);
}

function replace(node: unknown, path: DocumentPath, values: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(node)) return node.map((item, index) => replace(item, [...path, index], values));
  if (typeof node === 'object' && node !== null) {
    return Object.fromEntries(
      Object.entries(node).map(([name, value]) => [name, replace(value, [...path, name], values)]),
    );
  }
  const key = JSON.stringify(path);
  return values.has(key) ? values.get(key) : node;
}
