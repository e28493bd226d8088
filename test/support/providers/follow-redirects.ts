import { createCookieJar } from './cookie-jar.js';

/** Follows redirects with the cookies that are set on the way, until the client is reached. */
export async function followRedirects(start: string, redirectUri: string): Promise<URL> {
  const cookies = createCookieJar();
  let url = new URL(start);
  for (let steps = 0; steps < 10; steps += 1) {
    if (url.href.startsWith(redirectUri)) return url;
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie: cookies.header() } });
    cookies.keep(answer);
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`${answer.status} at ${url}: ${await answer.text()}`);
    url = new URL(location, url);
  }
  throw new Error(`Too many redirects: ${url}`);
}
