/** The cookies of a browser, without regard to paths and expiry. */
export interface CookieJar {
  /** Keeps the cookies that an answer sets, and drops those that it empties. */
  keep(answer: Response): void;
  /** Value of the header `Cookie`. */
  header(): string;
}

export function createCookieJar(): CookieJar {
  const cookies = new Map<string, string>();
  return {
    keep({ headers }) {
      for (const line of headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') cookies.delete(name);
        else cookies.set(name, value);
      }
    },
    header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
  };
}
