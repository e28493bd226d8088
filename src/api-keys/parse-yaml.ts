import {
  constructFromEvents,
  EVENT_ID,
  type Event,
  FAILSAFE_SCHEMA,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import type { DocumentFault } from './document-fault.js';
import type { DocumentPath } from './format-path.js';
import { createLocator, type FoundScalar, findOffset, indexOffsets, type Position } from './locate-nodes.js';
import { readTypedScalars } from './typed-scalars.js';

/** Syntax error or forbidden feature in a YAML text, and its position. */
export interface YamlFault {
  readonly message: string;
  readonly position: Position;
}

/** Result of `parseYaml()`: the document, or the first fault. */
export type ParsedYaml =
  | { readonly ok: false; readonly fault: YamlFault }
  | {
      readonly ok: true;
      /** Parsed document. Scalars are strings, except typed scalars below `metadata`. */
      readonly document: unknown;
      /** Faults for numbers below `metadata` that JSON cannot represent exactly. */
      readonly faults: readonly DocumentFault[];
      /** Return the position of a node. If the node is missing, return the position of its closest ancestor. */
      readonly positionOf: (path: DocumentPath) => Position;
    };

const MAX_DEPTH = 12;

/**
 * Parse a YAML text with one document. Scalars are strings (`FAILSAFE_SCHEMA`). Below `metadata`, plain scalars have
 * the types of the core schema (YAML 1.2 §10.3.2). Tags, anchors and aliases are rejected. Faults never quote the text,
 * because it may contain secrets.
 */
export function parseYaml(source: string): ParsedYaml {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const locate = createLocator(text);
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const refused = findRefusedFeature(events);
    if (refused !== undefined) return failure(refused.message, locate(refused.offset));
    const documents = constructFromEvents(events, { source: text, schema: FAILSAFE_SCHEMA, maxAliases: 0 });
    if (documents.length !== 1)
      return failure(
        'must contain exactly one YAML document: use a separate file for each API key',
        locate(0),
      );
    const plain: FoundScalar[] = [];
    const offsets = indexOffsets(text, events, (scalar) => {
      if (scalar.isPlain && isMetadata(scalar.path)) plain.push(scalar);
    });
    return {
      ok: true,
      ...readTypedScalars(documents[0], plain),
      positionOf: (path) => locate(findOffset(offsets, path)),
    };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return failure(`is not valid YAML: ${withoutQuotes(error.reason)}`, locate(error.mark?.position ?? 0));
  }
}

function isMetadata(path: DocumentPath): boolean {
  return path[0] === 'metadata' && path.length > 1;
}

/** Remove quoted text from a parser message, because it may contain a secret. */
function withoutQuotes(reason: string): string {
  return reason
    .split(/["']|: /, 1)
    .join('')
    .trim();
}

function failure(message: string, position: Position): ParsedYaml {
  return { ok: false, fault: { message, position } };
}

function findRefusedFeature(events: readonly Event[]): { message: string; offset: number } | undefined {
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP) continue;
    if (event.anchorStart >= 0)
      return { message: 'anchors and aliases are not allowed: repeat the value', offset: event.anchorStart };
    if (event.type !== EVENT_ID.ALIAS && event.tagStart >= 0) {
      return { message: 'tags are not allowed: remove the tag', offset: event.tagStart };
    }
  }
  return undefined;
}
