import type { RejectionDetail, TokenRejection } from '../base/rejections.js';
import type { ContentEncryption } from './content-key.js';
import { deriveContentKid, type KeyContext, type RootKey } from './derive-content-key.js';

/** A key of the same roots that a ring does not hold, and how it differs from the keys of the ring. */
export interface ForeignKid {
  readonly reason: Extract<TokenRejection, 'wrong_audience' | 'wrong_environment' | 'algorithm'>;
  readonly detail: RejectionDetail;
}

/** Recognizes key IDs that the roots of a ring yield in another context. */
export interface KidRecognizer {
  /** Adds an audience to recognize, up to `MAX_AUDIENCES`. Derives nothing yet. */
  expect(audience: string): void;
  /** Derives the key IDs of added audiences on first use. Each is derived once, not for each token. */
  recognize(kid: string): ForeignKid | undefined;
}

/** Bounds the work of the first rejection. Key IDs of further audiences are not recognized. */
const MAX_AUDIENCES = 8;

/** Names that applications give to environments. Others are not recognized. */
const ENVIRONMENTS = ['production', 'staging', 'development', 'test', 'prod', 'dev', 'local', 'default'];

/**
 * A `kid` is derived from root, environment, purpose, audience and `enc`, and cannot be reversed. So the contexts that are
 * often mixed up are tried, in which one of these differs.
 */
export function createKidRecognizer(
  roots: readonly RootKey[],
  own: Pick<KeyContext, 'environment' | 'enc'>,
): KidRecognizer {
  const audiences = new Set<string>();
  const pending: string[] = [];
  const known = new Map<string, ForeignKid>();

  const derive = (audience: string): void => {
    for (const [context, foreign] of listContexts({ ...own, purpose: 'access', audience })) {
      for (const root of roots) known.set(deriveContentKid(root, context), foreign);
    }
  };

  return {
    expect(audience) {
      if (roots.length === 0 || audiences.size >= MAX_AUDIENCES || audiences.has(audience)) return;
      audiences.add(audience);
      pending.push(audience);
    },
    recognize(kid) {
      for (const audience of pending.splice(0)) derive(audience);
      return known.get(kid);
    },
  };
}

function* listContexts(own: KeyContext): Generator<readonly [KeyContext, ForeignKid]> {
  const { environment, audience, enc } = own;
  for (const found of spellingsOf(audience)) {
    yield [
      { ...own, audience: found },
      { reason: 'wrong_audience', detail: { expected: audience, found } },
    ];
  }
  for (const found of ENVIRONMENTS.filter((name) => name !== environment)) {
    yield [
      { ...own, environment: found },
      { reason: 'wrong_environment', detail: { expected: environment, found } },
    ];
  }
  for (const found of ENCRYPTIONS.filter((name) => name !== enc)) {
    yield [
      { ...own, enc: found },
      { reason: 'algorithm', detail: { expected: enc, found } },
    ];
  }
}

const ENCRYPTIONS: readonly ContentEncryption[] = ['A256GCM', 'A192GCM', 'A128GCM'];

/** Other spellings of an audience: with or without a trailing slash, as `https` or as `http`. */
function spellingsOf(audience: string): readonly string[] {
  const [, scheme = '', rest = audience] = /^(https?:)?(.*)$/s.exec(audience) ?? [];
  const schemes = scheme === '' ? [''] : ['https:', 'http:'];
  const path = rest.replace(/\/$/, '');
  const spellings = schemes.flatMap((each) => [`${each}${path}`, `${each}${path}/`]);
  return spellings.filter((each) => each !== audience);
}
