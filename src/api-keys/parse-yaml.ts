import {
  constructFromEvents,
  EVENT_ID,
  type Event,
  FAILSAFE_SCHEMA,
  parseEvents,
  YAMLException,
} from 'js-yaml';
import type { DocumentFault } from './check-consistency.js';
import type { DocumentPath } from './format-path.js';
import { createLocator, type FoundScalar, findOffset, indexOffsets, type Position } from './locate-nodes.js';
import { readTypedScalars } from './typed-scalars.js';

/** A fault of the YAML text. */
export interface YamlFault {
  readonly message: string;
  readonly position: Position;
}

export type ParsedYaml =
  | { readonly ok: false; readonly fault: YamlFault }
  | {
      readonly ok: true;
      /** Strings, arrays and objects only, except typed scalars below `metadata`. */
      readonly document: unknown;
      /** Numbers below `metadata` that would lose digits. */
      readonly faults: readonly DocumentFault[];
      /** Returns the position of a node; if it is missing, that of its closest ancestor. */
      readonly positionOf: (path: DocumentPath) => Position;
    };

const MAX_DEPTH = 12;

/**
 * Parses one YAML document. Scalars are strings (`FAILSAFE_SCHEMA`), except below `metadata`, where plain scalars have
 * the types of the core schema. Tags, anchors and aliases are rejected. Faults never quote the text, which may contain
 * secrets.
 */
export function parseYaml(source: string): ParsedYaml {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const locate = createLocator(text);
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    const refused = findRefusedFeature(events);
    if (refused !== undefined) return failure(refused.message, locate(refused.offset));
    const documents = constructFromEvents(events, { source: text, schema: FAILSAFE_SCHEMA, maxAliases: 0 });
    if (documents.length !== 1) return failure('the file must contain exactly one YAML document', locate(0));
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

/** Some parser messages end with a part of the text. */
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
      return { message: 'anchors and aliases are not allowed', offset: event.anchorStart };
    if (event.type !== EVENT_ID.ALIAS && event.tagStart >= 0) {
      return { message: 'tags are not allowed', offset: event.tagStart };
    }
  }
  return undefined;
}
