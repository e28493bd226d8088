/** Directives for the echo model in a message, for testing clients against faults. */
export interface Directives {
  /** Message without the directives. */
  readonly words: readonly string[];
  /** `!status=503`: reject with this status. */
  readonly status: number | undefined;
  /** `!retry-after=7`: value of `Retry-After`, in seconds. */
  readonly retryAfter: number | undefined;
  /** `!cut=3`: close the connection after this number of words. */
  readonly cut: number | undefined;
  /** `!fail=3`: report an error in the stream after this number of words. */
  readonly fail: number | undefined;
  /** `!pace=50`: milliseconds between words. */
  readonly paceMs: number;
  /** `!times=100`: number of repetitions. */
  readonly times: number;
  /** `!call=1`: call the tool with this number in the request, with the message as its arguments. */
  readonly call: number | undefined;
  /** `!cached=12`: number of input tokens to report as cached. */
  readonly cached: number;
}

const DIRECTIVE = /^!([a-z-]{1,16})=(\d{1,9})$/;
const MAX_WORDS = 100_000;

/** Parses the directives in a message. */
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
    call: values.get('call'),
    cached: values.get('cached') ?? 0,
  };
}
