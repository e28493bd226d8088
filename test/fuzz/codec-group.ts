import type { Jwk } from '../../src/keys/jwk.js';
import type { JudgeRequest } from '../support/jwcrypto-judge.js';

/** A changed token, with the judgements of the codec and of other libraries. */
export interface CodecMutant {
  readonly mutation: string;
  readonly token: string;
  /** The content by the codec, or `undefined` if it rejects the token. */
  readonly open: () => string | undefined;
  readonly openByJose: () => Promise<string | undefined>;
  readonly judging: JudgeRequest;
}

/** Tokens of one algorithm. */
export interface CodecGroup {
  readonly name: string;
  /** Keys for jwcrypto, by name. */
  readonly keys: Readonly<Record<string, Jwk>>;
  /** The tokens before any change. */
  readonly proper: readonly CodecMutant[];
  next(random: () => number): CodecMutant;
}
