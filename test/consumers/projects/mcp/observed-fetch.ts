/** A request and the status of its response. */
export interface Exchange {
  readonly request: string;
  readonly status: number;
  readonly challenge: string | null;
  /** Parameters of a token request. */
  readonly form?: Readonly<Record<string, string>>;
}

/** Create a `fetch` that notes each exchange. */
export function observeFetch(): { readonly fetch: typeof fetch; readonly exchanges: Exchange[] } {
  const exchanges: Exchange[] = [];
  return {
    exchanges,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const url = new URL(input instanceof Request ? input.url : input);
      const form =
        init?.body instanceof URLSearchParams ? { form: Object.fromEntries(init.body.entries()) } : {};
      exchanges.push({
        request: `${init?.method ?? 'GET'} ${url.pathname}`,
        status: response.status,
        challenge: response.headers.get('www-authenticate'),
        ...form,
      });
      return response;
    },
  };
}
