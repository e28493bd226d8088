import type { RejectionDetail, TokenRejection } from '../base/rejections.js';
import { CONTENT_ENCRYPTIONS } from './content-key.js';
import { deriveContentKid, type KeyContext, type RootKey } from './derive-content-key.js';

/** Key that the roots derive in a different context, and the difference. */
export interface ForeignKid {
  readonly reason: Extract<TokenRejection, 'wrong_audience' | 'wrong_environment' | 'algorithm'>;
  readonly detail: RejectionDetail;
}

/** Recognizes key IDs that the roots of a key ring derive in a different context. */
export interface KidRecognizer {
  /** Add an audience to recognize, up to `MAX_AUDIENCES`. Derive nothing yet. */
  expect(audience: string): void;
  /** Derive the key IDs of added audiences on first use. Each is derived once, not for each token. */
  recognize(kid: string): ForeignKid | undefined;
}

/** Maximum number of audiences, which bounds the work of the first rejection. */
const MAX_AUDIENCES = 8;

/** Common names of environments. Tokens of other environments are not recognized. */
const ENVIRONMENTS = ['production', 'staging', 'development', 'test', 'prod', 'dev', 'local', 'default'];

/**
 * Create a recognizer for key IDs from a wrong context. A `kid` cannot be reversed, so it derives the key IDs of contexts
 * that differ in environment, audience or `enc`.
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
  for (const found of CONTENT_ENCRYPTIONS.filter((name) => name !== enc)) {
    yield [
      { ...own, enc: found },
      { reason: 'algorithm', detail: { expected: enc, found } },
    ];
  }
}

/** Other spellings of an audience: with or without a trailing slash, as `https` or as `http`. */
function spellingsOf(audience: string): readonly string[] {
  const [, scheme = '', rest = audience] = /^(https?:)?(.*)$/s.exec(audience) ?? [];
  const schemes = scheme === '' ? [''] : ['https:', 'http:'];
  const path = rest.replace(/\/$/, '');
  const spellings = schemes.flatMap((each) => [`${each}${path}`, `${each}${path}/`]);
  return spellings.filter((each) => each !== audience);
}
