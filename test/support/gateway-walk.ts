import type { Canaries } from './canaries.js';

/** What a client of the gateway holds. */
export interface WalkCredentials {
  readonly keyId: string;
  readonly apiKey: string;
  /** An API key that is configured, and not active. */
  readonly inactiveApiKey: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

type Send = (path: string, sent?: Sent) => Promise<string>;

const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' };
const JSON_TYPE = { 'Content-Type': 'application/json' };
const byHeader = (secret: string) => ({ 'X-API-Key': secret, ...FORM });
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const form = (parameters: Readonly<Record<string, string>>) => new URLSearchParams(parameters).toString();
const grant = (parameters: Readonly<Record<string, string>> = {}) =>
  form({ grant_type: 'client_credentials', ...parameters });

/**
 * Asks the gateway for what it does and for what it refuses, and collects its answers: all headers, and all bodies but
 * those that hand out a token. @returns the statuses that were answered.
 */
export async function walkGateway(
  origin: string,
  credentials: WalkCredentials,
  canaries: Canaries,
): Promise<ReadonlySet<number>> {
  const statuses = new Set<number>();
  const send: Send = async (path, { method = 'POST', headers = {}, body } = {}) => {
    const answer = await fetch(origin + path, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await answer.text();
    const isHandedOut = answer.status === 200 && text.includes('"access_token"');
    if (isHandedOut) addTokens(JSON.parse(text), canaries);
    const fields = JSON.stringify([...answer.headers]);
    const where = `the answer ${answer.status} to ${method} ${path.slice(0, 24)}`;
    canaries.collect(where, isHandedOut ? fields : `${fields}\n${text}`);
    statuses.add(answer.status);
    return text;
  };

  await askForTokens(send, credentials, canaries);
  const answer = await send('/oauth/token', {
    headers: byHeader(credentials.apiKey),
    body: grant({ scope: 'read:documents execute:models offline_access' }),
  });
  const { access_token: token, refresh_token: refreshToken } = JSON.parse(answer);
  await useToken(send, token, canaries);
  await completeChats(send, token);
  await endTokens(send, credentials.apiKey, { token, refreshToken });
  return statuses;
}

function addTokens(answer: Readonly<Record<string, unknown>>, canaries: Canaries): void {
  for (const kind of ['access_token', 'refresh_token']) {
    const token = answer[kind];
    if (typeof token === 'string') canaries.add(`the ${kind} ${token.slice(-4)}`, token);
  }
}

async function askForTokens(
  send: Send,
  { keyId, apiKey, inactiveApiKey }: WalkCredentials,
  canaries: Canaries,
): Promise<void> {
  const wrong = canaries.create('a wrong API key', 'sk-');
  const basic = (secret: string) => ({ Authorization: `Basic ${btoa(`${keyId}:${secret}`)}`, ...FORM });
  const inBody = { client_id: keyId, client_secret: apiKey };
  const requests: readonly Sent[] = [
    { headers: basic(apiKey), body: grant() },
    { headers: FORM, body: grant(inBody) },
    { headers: { ...bearer(apiKey), ...FORM }, body: grant() },
    ...[wrong, inactiveApiKey, `${apiKey}x`].map((secret) => ({ headers: byHeader(secret), body: grant() })),
    { headers: basic(wrong), body: grant() },
    { headers: { ...bearer(wrong), ...FORM }, body: grant() },
    { headers: byHeader(apiKey), body: grant(inBody) },
    { headers: byHeader(apiKey), body: grant({ client_id: 'other' }) },
    { headers: byHeader(apiKey), body: grant({ scope: apiKey, audience: apiKey }) },
    { headers: byHeader(apiKey), body: form({ grant_type: apiKey }) },
    { headers: FORM, body: `grant_type=client_credentials&client_secret=${apiKey}` },
    { headers: FORM, body: `${apiKey}=${apiKey}&%zz=${apiKey}` },
    { headers: JSON_TYPE, body: `{"client_secret":"${apiKey}","client_secret":"${apiKey}"}` },
    { headers: JSON_TYPE, body: `{"client_secret":"${apiKey}"` },
    { headers: { 'Content-Type': 'text/plain' }, body: apiKey },
    { headers: byHeader(apiKey), body: grant({ x: apiKey.repeat(5000) }) },
    { headers: byHeader(apiKey), method: 'PUT', body: grant() },
  ];
  for (const request of requests) await send('/oauth/token', request);
  await send(`/oauth/token?client_secret=${apiKey}`, { method: 'GET' });
}

async function useToken(send: Send, token: string, canaries: Canaries): Promise<void> {
  const stranger = canaries.create('a token of another kind', 'eyJhbGciOiJIUzI1NiJ9.');
  const get = (headers: Readonly<Record<string, string>>): Sent => ({ method: 'GET', headers });
  const [header = '', , ...rest] = token.split('.');
  for (const headers of [
    ...[token, `${token}x`, `${token}==`, stranger, [header, 'AAAA', ...rest].join('.')].map(bearer),
    { Authorization: `Bearer ${token} ${token}` },
    { Authorization: `Bearer ${token},${stranger}` },
    { Authorization: `Basic ${token}` },
    { Authorization: token },
    { 'X-API-Key': token },
    { Cookie: `token=${token}` },
  ]) {
    await send('/documents', get(headers));
  }
  await send(`/documents?access_token=${token}`, get({}));
  await send(`/documents/${token}`, get(bearer(token)));
  await send(`/${token}`, get(bearer(token)));
  await send('/admin/configurations', get(bearer(token)));
  await send('/documents', { headers: { ...bearer(token), ...JSON_TYPE }, body: `{"${token}":` });
}

/** Of a model that answers, and of those whose provider refuses, cannot be reached or makes no sense. */
async function completeChats(send: Send, token: string): Promise<void> {
  const headers = { ...bearer(token), ...JSON_TYPE };
  for (const model of ['echo-1', 'refusing', 'gone', token]) {
    const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }], max_tokens: 5 });
    await send('/v1/chat/completions', { headers, body });
    await send('/v1/messages', { headers: { 'X-API-Key': token, ...JSON_TYPE }, body });
  }
  await send('/v1/models', { method: 'GET', headers });
}

async function endTokens(
  send: Send,
  apiKey: string,
  { token, refreshToken }: { readonly token: string; readonly refreshToken: string },
): Promise<void> {
  const headers = byHeader(apiKey);
  const refresh = form({ grant_type: 'refresh_token', refresh_token: refreshToken });
  await send('/documents', { method: 'GET', headers: bearer(refreshToken) });
  await send('/oauth/token', { headers, body: `${refresh}x` });
  await send('/oauth/token', { headers, body: refresh });
  for (const each of [token, refreshToken, `${token}x`, apiKey]) {
    await send('/oauth/introspect', { headers, body: form({ token: each }) });
    await send('/oauth/revoke', { headers, body: form({ token: each, token_type_hint: each }) });
  }
  await send('/oauth/token', { headers, body: refresh });
  await send('/documents', { method: 'GET', headers: bearer(token) });
}
