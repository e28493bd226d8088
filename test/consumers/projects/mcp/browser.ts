const MAX_STEPS = 20;

/** A browser whose user signs in at oidc-provider, and consents to every request. */
export function createBrowser(user: string): { visit(start: URL, callback: string): Promise<URL> } {
  const cookies = new Map<string, string>();
  const send = async (url: URL, body?: URLSearchParams): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const init = body === undefined ? {} : { method: 'POST', body };
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };

  return {
    /** @returns the URL of the callback, with its parameters */
    async visit(start, callback) {
      let url = start;
      let body: URLSearchParams | undefined;
      for (let step = 0; step < MAX_STEPS; step += 1) {
        if (url.href.startsWith(callback)) return url;
        const response = await send(url, body);
        const page = await response.text();
        const location = response.headers.get('location');
        if (location !== null) {
          [url, body] = [new URL(location, url), undefined];
          continue;
        }
        const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
        const [, prompt] = /name="prompt" value="([^"]+)"/.exec(page) ?? [];
        if (action === undefined || prompt === undefined)
          throw new Error(`${response.status} at ${url}: ${page}`);
        body = new URLSearchParams({ prompt, login: user, password: 'any' });
        url = new URL(action, url);
      }
      throw new Error(`Too many pages: ${url}`);
    },
  };
}
