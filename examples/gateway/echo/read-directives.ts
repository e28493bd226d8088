/** What a message tells the echo model to do, so that clients can be tried against faults. */
export interface Directives {
  /** The rest of the message. */
  readonly words: readonly string[];
  /** `!status=503`: refuse with this status. */
  readonly status: number | undefined;
  /** `!retry-after=7`: seconds to wait, told beside that status. */
  readonly retryAfter: number | undefined;
  /** `!cut=3`: break the connection after so many words. */
  readonly cut: number | undefined;
  /** `!fail=3`: report an error in the stream after so many words. */
  readonly fail: number | undefined;
  /** `!pace=50`: milliseconds between words. */
  readonly paceMs: number;
  /** `!times=100`: say it so many times. */
  readonly times: number;
  /** `!cached=12`: so many of the tokens put in are said to have been cached. */
  readonly cached: number;
}

const DIRECTIVE = /^!([a-z-]{1,16})=(\d{1,9})$/;
const MAX_WORDS = 100_000;

export function readDirectives(text: string): Directives {
  const values = new Map<string, number>();
  const words = text.split(/\s+/).filter((word) => {
    const [, name, value] = DIRECTIVE.exec(word) ?? [];
    if (name !== undefined) values.set(name, Number(value));
    return word !== '' && name === undefined;
  });
  const times = Math.max(1, values.get('times') ?? 1);
  return {
    words: Array.from({ length: times }, () => words)
      .flat()
      .slice(0, MAX_WORDS),
    status: values.get('status'),
    retryAfter: values.get('retry-after'),
    cut: values.get('cut'),
    fail: values.get('fail'),
    paceMs: values.get('pace') ?? 0,
    times,
    cached: values.get('cached') ?? 0,
  };
}
