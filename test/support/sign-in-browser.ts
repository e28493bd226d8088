import { createHash, randomBytes } from 'node:crypto';
import { createCookieJar } from './providers/cookie-jar.js';
import type { SignInServers } from './sign-in-servers.js';

/** Response of a server, with the body as a string. */
export interface PageResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Response of the token endpoint. */
export interface TokenResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly error?: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly scope?: string;
}

/** A sign-in whose form is open. */
export interface OpenForm extends PageResponse {
  readonly url: string;
  readonly csrf: string;
  /** Send the form as a browser does. */
  submit(fields: Fields, headers?: Readonly<Record<string, string>>): Promise<PageResponse>;
}

export type Fields = Readonly<Record<string, string>> | readonly (readonly [string, string])[];

/** A browser with cookies and without scripts. */
export interface SignInBrowser {
  /** Request a URL of the authorization server, without following redirects. */
  get(url: string): Promise<PageResponse>;
  post(url: string, fields: Fields, headers?: Readonly<Record<string, string>>): Promise<PageResponse>;
  /** Begin a sign-in, and follow the redirects to the form. */
  openForm(parameters?: Readonly<Record<string, string>>): Promise<OpenForm>;
  /** Sign in. Returns the code. */
  authorize(name: string, password: string): Promise<string>;
  /** Exchange a code for tokens. */
  redeem(code: string): Promise<TokenResponse>;
  /** Sign in, and exchange the code for tokens. */
  signIn(name: string, password: string): Promise<TokenResponse>;
  refresh(refreshToken: string): Promise<TokenResponse>;
  /** Send the form for signing out. */
  signOut(where: 'here' | 'everywhere'): Promise<PageResponse>;
}

/** @param ip client address that the browser's proxy reports */
export function createSignInBrowser(
  { issuer, app }: Pick<SignInServers, 'issuer' | 'app'>,
  ip = '192.0.2.1',
): SignInBrowser {
  const cookies = createCookieJar();
  const verifier = randomBytes(32).toString('base64url');

  const send = async (url: string, init: RequestInit): Promise<PageResponse> => {
    const headers = { cookie: cookies.header(), 'x-forwarded-for': ip, accept: 'text/html' };
    const response = await fetch(new URL(url, issuer), {
      redirect: 'manual',
      ...init,
      headers: { ...headers, ...init.headers },
    });
    cookies.keep(response);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  const requestTokens = async (parameters: Readonly<Record<string, string>>): Promise<TokenResponse> => {
    const body = new URLSearchParams({ client_id: 'documents', ...parameters });
    const { status, headers, text } = await send('/token', {
      method: 'POST',
      body,
      headers: { accept: 'application/json' },
    });
    const { access_token: accessToken, refresh_token: refreshToken, scope, error } = JSON.parse(text);
    return { status, headers, accessToken, refreshToken, scope, error };
  };

  /** Follow redirects until a page or the application. */
  const follow = async (url: string): Promise<PageResponse & { readonly url: string }> => {
    const response = await browser.get(url);
    const location = response.headers.get('location');
    if (location === null || location.startsWith(app)) return { ...response, url };
    return follow(new URL(location, issuer).href);
  };

  const browser: SignInBrowser = {
    get: (url) => send(url, {}),
    post: (url, fields, headers = { 'sec-fetch-site': 'same-origin' }) =>
      send(url, { method: 'POST', body: new URLSearchParams(fieldsOf(fields)), headers }),
    async openForm(parameters = {}) {
      const query = new URLSearchParams({
        ...{ client_id: 'documents', response_type: 'code', redirect_uri: `${app}/`, state: 'state' },
        ...{ scope: 'read:profile read:documents', code_challenge_method: 'S256' },
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        ...parameters,
      });
      const page = await follow(`/auth?${query}`);
      const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
      return {
        ...{ ...page, csrf },
        submit: (fields, headers) => browser.post(page.url, [['csrf', csrf], ...fieldsOf(fields)], headers),
      };
    },
    async authorize(name, password) {
      const form = await browser.openForm();
      const response = await form.submit({ name, password });
      const location = response.headers.get('location');
      if (location === null) throw new Error(`Sign-in failed with ${response.status}`);
      const final = await follow(location);
      const code = new URL(final.headers.get('location') ?? '').searchParams.get('code');
      if (code === null) throw new Error('No code');
      return code;
    },
    redeem: (code) =>
      requestTokens({
        ...{ grant_type: 'authorization_code', code, code_verifier: verifier },
        redirect_uri: `${app}/`,
      }),
    signIn: async (name, password) => browser.redeem(await browser.authorize(name, password)),
    refresh: (refreshToken) => requestTokens({ grant_type: 'refresh_token', refresh_token: refreshToken }),
    async signOut(where) {
      const query = new URLSearchParams({ client_id: 'documents', post_logout_redirect_uri: `${app}/` });
      const { text } = await browser.get(`/session/end?${query}`);
      const xsrf = /name="xsrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
      return browser.post('/session/end/confirm', { xsrf, logout: where });
    },
  };
  return browser;
}

function fieldsOf(fields: Fields): [string, string][] {
  return Symbol.iterator in fields ? fields.map(([name, value]) => [name, value]) : Object.entries(fields);
}

/** Call the API. Returns the status. */
export async function callApi(
  { api }: Pick<SignInServers, 'api'>,
  path: string,
  token: string,
): Promise<number> {
  return (await fetch(`${api}${path}`, { headers: { authorization: `Bearer ${token}` } })).status;
}
