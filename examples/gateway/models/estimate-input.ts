import type { MediaTokens, ModelConfiguration } from 'passport-jwe/api-keys';
import { lengthOfString } from '../json/omit-long-strings.js';
import { estimateTokens } from './token-usage.js';

/** Returns the estimated number of input tokens of a request for a model. */
export type InputEstimate = (model: Pick<ModelConfiguration, 'mediaTokens'>) => number;

type Kind = keyof MediaTokens;

/**
 * Types of objects with base64 data, and their kind of media. `undefined` are signatures and encrypted reasoning, which
 * are no input.
 */
const KINDS: ReadonlyMap<unknown, Kind | undefined> = new Map<string, Kind | undefined>([
  ...['image_url', 'input_image', 'image', 'computer_screenshot', 'image_generation_call'].map(
    (type) => [type, 'image'] as const,
  ),
  ...['input_audio', 'audio_url'].map((type) => [type, 'audio'] as const),
  ...['file', 'input_file', 'document', 'container_upload', 'video_url', 'input_video'].map(
    (type) => [type, 'file'] as const,
  ),
  ...['thinking', 'redacted_thinking', 'reasoning', 'compaction'].map((type) => [type, undefined] as const),
]);

/** Members of these objects that contain the data, its URL or the ID of a file. Their length is not counted. */
const DATA: ReadonlySet<string> = new Set([
  ...['image_url', 'source', 'result', 'input_audio', 'audio_url', 'file', 'file_data', 'file_url'],
  ...['video_url', 'input_video', 'data', 'signature', 'encrypted_content'],
]);

/**
 * Members with JSON of the application: schemas, and arguments of tools. All of it counts by its length, also an object that
 * resembles an image.
 */
const APPLICATION_JSON: ReadonlySet<string> = new Set([
  ...['input', 'input_schema', 'input_examples', 'output_schema', 'parameters', 'schema'],
]);

/** Sources of Anthropic's documents that contain text or content blocks. */
const READABLE_SOURCES: ReadonlySet<unknown> = new Set(['text', 'content']);

/**
 * Estimates the input tokens in parts of a request: text from the length of its JSON, and media in any format at a flat
 * rate of the model. The time is linear, also for millions of small values.
 */
export function estimateInput(...parts: readonly unknown[]): InputEstimate {
  const { text: length, image, audio, file } = measure(parts);
  const text = estimateTokens(length);
  return ({ mediaTokens: each }) => text + image * each.image + audio * each.audio + file * each.file;
}

type Size = { text: number } & Record<Kind, number>;

/** Counts media, and the bytes of the other values as JSON, except for escapes. It does not write the JSON. */
function measure(parts: readonly unknown[]): Size {
  const size: Size = { text: 0, image: 0, audio: 0, file: 0 };
  const pending = parts.filter((part) => part !== undefined && part !== null);
  const texts: unknown[] = [];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    size.text += lengthOf(value);
    if (Array.isArray(value)) for (const entry of value) pending.push(entry);
    else if (typeof value === 'object' && value !== null) {
      const type = 'type' in value ? value.type : undefined;
      const hasData = KINDS.has(type) && !isReadable(value);
      const kind = hasData ? KINDS.get(type) : undefined;
      if (kind !== undefined) size[kind] += 1;
      for (const [name, member] of Object.entries(value)) {
        if (APPLICATION_JSON.has(name)) texts.push(member);
        else if (!hasData || !DATA.has(name)) pending.push(member);
      }
    }
  }
  for (let value = texts.pop(); value !== undefined; value = texts.pop()) {
    size.text += lengthOf(value);
    if (typeof value === 'object' && value !== null)
      for (const each of Object.values(value)) texts.push(each);
  }
  return size;
}

/** Returns the length of a value as JSON, without its entries or the values of its members. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return lengthOfString(value) + 2;
  if (typeof value !== 'object' || value === null) return String(value).length;
  if (Array.isArray(value)) return Math.max(2, value.length + 1);
  const names = Object.keys(value);
  return names.reduce((sum, name) => sum + Buffer.byteLength(name) + 3, Math.max(2, names.length + 1));
}

function isReadable(part: object): boolean {
  if (!('source' in part) || typeof part.source !== 'object' || part.source === null) return false;
  return 'type' in part.source && READABLE_SOURCES.has(part.source.type);
}
