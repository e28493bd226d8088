import Provider, { type AccessToken, type Context, errors, type Grant } from 'oidc-provider';
import type { Directory } from 'passport-jwe/ldap';
import type { Keys } from '../keys.js';
import { SCOPES } from '../people.js';
import type { DirectorySettings, ServerSettings } from '../settings.js';
import { createFindAccount, type PersonAccount } from './accounts.js';
import { ACCESS_TOKEN_SECONDS, createDescribeApi } from './describe-api.js';
import { noticePage, signOutPage } from './pages.js';
import type { Records } from './records.js';
import { createSignOutMiddleware } from './sign-out-middleware.js';
import type { SignOuts } from './sign-outs.js';

type PersonContext = Context<PersonAccount>;

export type PersonProvider = Provider<PersonAccount>;

/** Client ID of the browser application. The client is public, so PKCE is mandatory and refresh tokens rotate. */
export const CLIENT_ID = 'documents';

const SESSION_SECONDS = 8 * 3600;

export interface ProviderOptions {
  readonly settings: ServerSettings & DirectorySettings;
  readonly keys: Keys;
  readonly directory: Directory;
  readonly records: Records;
  readonly signOuts: SignOuts;
}

/** Create the OpenID provider: authorization code with PKCE, encrypted access tokens, rotated refresh tokens. */
export function createProvider({
  settings,
  keys,
  directory,
  records,
  signOuts,
}: ProviderOptions): PersonProvider {
  const { issuer, api, app, behindProxy } = settings;
  const cookie = { httpOnly: true, sameSite: 'lax', secure: issuer.startsWith('https:') } as const;

  /** Grant all scopes without a page of consent, because the application belongs to the same company. */
  const loadGrant = async ({ oidc }: PersonContext): Promise<Grant | undefined> => {
    const { session, client, account } = oidc;
    const grantId = session?.grantIdFor(client.clientId);
    const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    if (known !== undefined || account === undefined) return known;
    const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
    grant.addResourceScope(api, SCOPES.join(' '));
    await grant.save();
    return grant;
  };

  /**
   * Assert that the session has not ended while the token endpoint ran. `iat` is set before, and a sign-out deletes the grant before
   * it revokes the access tokens. Each token is therefore either not issued or revoked.
   */
  const assertGranted = async (_ctx: PersonContext, { grantId }: AccessToken): Promise<void> => {
    if ((await provider.Grant.find(grantId)) === undefined) throw new errors.InvalidGrant();
  };

  const provider: PersonProvider = new Provider<PersonAccount>(issuer, {
    adapter: records.createAdapter,
    jwks: keys.signing,
    clients: [
      {
        client_id: CLIENT_ID,
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${app}/`],
        post_logout_redirect_uris: [`${app}/`],
      },
    ],
    responseTypes: ['code'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    findAccount: createFindAccount(directory, signOuts),
    loadExistingGrant: loadGrant,
    // A refresh token is valid until its session ends. Each refresh replaces it, and a second use ends the session.
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    extraTokenClaims: ({ oidc }, { sessionUid }) => ({
      ...oidc.account?.person.claims,
      session_id: sessionUid,
    }),
    formats: { customizers: { jwt: assertGranted } },
    interactions: { url: (_ctx: PersonContext, { uid }: { uid: string }) => `/sign-in/${uid}` },
    // Pages of the application read the responses of the token endpoint.
    clientBasedCORS: (_ctx: PersonContext, origin: string) => origin === app,
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api,
        getResourceServerInfo: createDescribeApi(settings, keys.api),
        useGrantedResource: () => true,
      },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: renderSignOut,
        postLogoutSuccessSource: renderSignedOut,
      },
    },
    cookies: { keys: [keys.cookie], long: cookie, short: cookie },
    ttl: {
      AccessToken: ACCESS_TOKEN_SECONDS,
      AuthorizationCode: 60,
      Grant: SESSION_SECONDS,
      Interaction: 10 * 60,
      RefreshToken: ({ oidc }: PersonContext) =>
        oidc.entities.RotatedRefreshToken?.remainingTTL ?? SESSION_SECONDS,
      Session: SESSION_SECONDS,
    },
    renderError: (ctx, { error }) => {
      ctx.type = 'html';
      const isUnavailable = error === 'temporarily_unavailable' || error === 'server_error';
      ctx.body = noticePage({ notice: isUnavailable ? 'unavailable' : 'invalid', app });
    },
  });
  provider.proxy = behindProxy;
  provider.on('server_error', (_ctx, error) => console.error(error.stack));
  provider.use(createSignOutMiddleware(signOuts));
  return provider;

  function renderSignOut(ctx: PersonContext, form: string): void {
    ctx.type = 'html';
    ctx.body = signOutPage({ form, app });
  }

  function renderSignedOut(ctx: PersonContext): void {
    ctx.type = 'html';
    ctx.body = noticePage({ notice: 'signedOut', app });
  }
}
