import Provider, {
  type AccessToken,
  type Context,
  errors,
  type Grant,
  type ResourceServer,
} from 'oidc-provider';
import type { Directory } from 'passport-jwe/ldap';
import type { Keys } from '../keys.js';
import { SCOPES, scopesOf } from '../people.js';
import type { DirectorySettings, ServerSettings } from '../settings.js';
import { createFindAccount, type PersonAccount } from './accounts.js';
import { noticePage, signOutPage } from './pages.js';
import type { Records } from './records.js';
import type { SignOuts } from './sign-outs.js';

type PersonContext = Context<PersonAccount>;

export type PersonProvider = Provider<PersonAccount>;

/** Client ID of the browser application. It is public, so PKCE is mandatory and refresh tokens rotate. */
export const CLIENT_ID = 'documents';

const ACCESS_TOKEN_SECONDS = 5 * 60;
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
  const { issuer, api, app, staffGroup, behindProxy } = settings;
  const cookie = { httpOnly: true, sameSite: 'lax', secure: issuer.startsWith('https:') } as const;

  const describeApi = ({ oidc }: PersonContext, resource: string): ResourceServer => {
    if (resource !== api) throw new errors.InvalidTarget();
    // The groups of a person can change between two refreshes.
    const scopes = oidc.account === undefined ? SCOPES : scopesOf(oidc.account.person, staffGroup);
    return {
      scope: scopes.join(' '),
      audience: api,
      accessTokenTTL: ACCESS_TOKEN_SECONDS,
      accessTokenFormat: 'jwt',
      jwt: {
        sign: { alg: 'ES256' },
        encrypt: { alg: 'ECDH-ES', enc: 'A256GCM', key: keys.api.publicKey, kid: keys.api.kid },
      },
    };
  };

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
        getResourceServerInfo: describeApi,
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
      ctx.body = noticePage({ notice: error === 'temporarily_unavailable' ? 'unavailable' : 'ended', app });
    },
  });
  provider.proxy = behindProxy;
  provider.use(createSignOutMiddleware(signOuts));
  return provider;

  function renderSignOut(ctx: PersonContext, form: string): void {
    ctx.type = 'html';
    ctx.body = signOutPage({ form, app });
  }

  function renderSignedOut(ctx: PersonContext): void {
    ctx.type = 'html';
    ctx.body = noticePage({ notice: 'ended', app });
  }
}

/** After a sign-out, revoke the access tokens of the session, or end all sessions of the person. */
function createSignOutMiddleware(signOuts: SignOuts) {
  return async (ctx: PersonContext, next: () => Promise<void>): Promise<void> => {
    await next();
    const { route, session, params } = ctx.oidc ?? {};
    if (route !== 'end_session_confirm' || session?.destroyed !== true || session.accountId === undefined)
      return;
    if (params?.['logout'] === 'everywhere') await signOuts.endPerson(session.accountId);
    else await signOuts.endSession(session.uid, session.accountId);
  };
}
