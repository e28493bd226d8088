/** The tokens exist in the memory of this page only. Other pages, storage and the URL never contain them. */
let tokens;

/** Refresh in progress: a refresh token works once, so requests share one refresh. */
let refreshing;

const config = await (await fetch('/config.json')).json();
const metadata = await (await fetch(`${config.issuer}/.well-known/openid-configuration`)).json();

const REDIRECT_URI = `${location.origin}/`;

/** Values that must outlive the redirects of a sign-in. */
const PENDING = 'pending-sign-in';

export const isSignedIn = () => tokens !== undefined;

/** Send the browser to the authorization server (RFC 6749 §4.1.1), with PKCE (RFC 7636 §4.3). */
export async function beginSignIn() {
  const pending = { state: randomText(), verifier: randomText() };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const url = new URL(metadata.authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: config.clientId,
    redirect_uri: REDIRECT_URI,
    resource: config.api,
    scope: 'read:profile read:documents',
    state: pending.state,
    code_challenge: await challengeOf(pending.verifier),
    code_challenge_method: 'S256',
  });
  location.assign(url);
}

/**
 * Exchange the code in the URL for tokens. Does nothing if the URL has none.
 *
 * @throws Error if the person cancelled, or the response belongs to a different sign-in
 */
export async function completeSignIn() {
  const answer = new URLSearchParams(location.search);
  const { state, verifier } = JSON.parse(sessionStorage.getItem(PENDING) ?? '{}');
  sessionStorage.removeItem(PENDING);
  if (!answer.has('state')) return;
  history.replaceState(null, '', '/');
  // RFC 6749 §10.12 and RFC 9207 §2.4.
  if (answer.get('state') !== state || answer.get('iss') !== config.issuer) {
    throw new Error('The response belongs to a different sign-in');
  }
  if (answer.has('error')) throw new Error(`Sign-in failed: ${answer.get('error')}`);
  tokens = await requestTokens({
    grant_type: 'authorization_code',
    code: answer.get('code'),
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
  });
}

/** Replace both tokens (RFC 6749 §6). If the server rejects the refresh token, the session has ended. */
export async function refresh() {
  refreshing ??= requestTokens({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  try {
    tokens = await refreshing;
  } catch (error) {
    // Not in an outage: a later refresh can succeed.
    if (error.code === 'invalid_grant') tokens = undefined;
    throw error;
  } finally {
    refreshing = undefined;
  }
}

/** Call the API. If the token has expired, refresh once. */
export async function callApi(path) {
  const send = () =>
    fetch(`${config.api}${path}`, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  const answer = await send();
  if (answer.status !== 401) return answer;
  await refresh();
  return send();
}

/** Send the browser to the page for signing out (OpenID Connect RP-Initiated Logout 1.0 §2). */
export function beginSignOut() {
  const url = new URL(metadata.end_session_endpoint);
  url.search = new URLSearchParams({ client_id: config.clientId, post_logout_redirect_uri: REDIRECT_URI });
  location.assign(url);
}

async function requestTokens(parameters) {
  const answer = await fetch(metadata.token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({ client_id: config.clientId, ...parameters }),
  });
  const body = await answer.json();
  if (answer.ok) return body;
  throw Object.assign(new Error(`The token endpoint answered: ${body.error}`), { code: body.error });
}

const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

async function challengeOf(verifier) {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
