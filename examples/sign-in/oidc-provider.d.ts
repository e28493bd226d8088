/** The part of oidc-provider 9 that this example uses. The package contains no types; `@types/oidc-provider` has all. */
declare module 'oidc-provider' {
  import type { KeyObject } from 'node:crypto';
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

  /** Content of a stored record. */
  export interface AdapterPayload {
    readonly accountId?: string;
    readonly grantId?: string;
    readonly uid?: string;
    readonly loginTs?: number;
    readonly result?: { readonly login?: { readonly accountId: string; readonly ts?: number } };
    consumed?: unknown;
  }

  export interface Adapter {
    upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void>;
    find(id: string): Promise<AdapterPayload | undefined>;
    findByUid(uid: string): Promise<AdapterPayload | undefined>;
    findByUserCode(userCode: string): Promise<AdapterPayload | undefined>;
    consume(id: string): Promise<void>;
    destroy(id: string): Promise<void>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  /** A person for oidc-provider. The example adds its own members. */
  export interface Account {
    readonly accountId: string;
    claims(): Readonly<Record<string, unknown>>;
  }

  export interface Session {
    readonly uid: string;
    readonly accountId?: string;
    readonly destroyed?: boolean;
    readonly state?: { readonly postLogoutRedirectUri?: string };
    grantIdFor(clientId: string): string | undefined;
    destroy(): Promise<void>;
  }

  export interface Client {
    readonly clientId: string;
  }

  /** Context of a request: a context of Koa. */
  export interface Context<Person extends Account> {
    readonly oidc: {
      readonly route: string;
      readonly client: Client;
      readonly account?: Person;
      readonly session?: Session;
      readonly params?: Readonly<Record<string, unknown>>;
      readonly entities: { readonly RotatedRefreshToken?: { readonly remainingTTL: number } };
      readonly result?: { readonly login?: { readonly accountId: string } };
    };
    status: number;
    type: string;
    body: unknown;
    set(name: string, value: string): void;
  }

  export interface AccessToken {
    readonly grantId: string;
    readonly sessionUid: string;
  }

  export interface ResourceServer {
    readonly scope: string;
    readonly audience: string;
    readonly accessTokenTTL: number;
    readonly accessTokenFormat: 'jwt';
    readonly jwt: {
      readonly sign: { readonly alg: string };
      readonly encrypt: {
        readonly alg: string;
        readonly enc: string;
        readonly key: KeyObject;
        readonly kid: string;
      };
    };
  }

  export interface Grant {
    addResourceScope(resource: string, scope: string): void;
    save(): Promise<string>;
  }

  /** See https://github.com/panva/node-oidc-provider/blob/main/docs/README.md#configuration-options. */
  export interface Configuration<Person extends Account> {
    readonly [option: string]: unknown;
    readonly findAccount: (ctx: Context<Person>, accountId: string) => Promise<Person | undefined>;
    readonly loadExistingGrant: (ctx: Context<Person>) => Promise<Grant | undefined>;
    readonly extraTokenClaims: (
      ctx: Context<Person>,
      token: AccessToken,
    ) => Readonly<Record<string, unknown>>;
    readonly renderError: (ctx: Context<Person>, out: { readonly error: string }) => void;
  }

  /** A sign-in that has begun. */
  export interface Interaction {
    readonly uid: string;
    readonly prompt: { readonly name: string };
  }

  export type InteractionResult =
    | { readonly login: { readonly accountId: string; readonly ts: number } }
    | { readonly error: string; readonly error_description: string };

  export default class Provider<Person extends Account> {
    constructor(issuer: string, configuration: Configuration<Person>);
    readonly Grant: {
      new (properties: { accountId: string; clientId: string }): Grant;
      find(id: string): Promise<Grant | undefined>;
    };
    /** Whether to trust `X-Forwarded-*` headers. */
    proxy: boolean;
    callback(): RequestListener;
    use(middleware: (ctx: Context<Person>, next: () => Promise<void>) => Promise<void>): void;
    on(event: 'server_error', listener: (ctx: Context<Person>, error: Error) => void): void;
    interactionDetails(req: IncomingMessage, res: ServerResponse): Promise<Interaction>;
    interactionFinished(req: IncomingMessage, res: ServerResponse, result: InteractionResult): Promise<void>;
  }

  export namespace errors {
    class OIDCProviderError extends Error {
      status: number;
      statusCode: number;
    }
    class AccessDenied extends OIDCProviderError {
      constructor(description?: string);
    }
    class InvalidGrant extends OIDCProviderError {
      constructor(description?: string);
    }
    class InvalidTarget extends OIDCProviderError {}
    class SessionNotFound extends OIDCProviderError {}
    class TemporarilyUnavailable extends OIDCProviderError {
      constructor(description?: string);
    }
  }
}
