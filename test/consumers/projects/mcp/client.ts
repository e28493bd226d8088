import type { Exchange } from './observed-fetch.js';

/** Credentials of a service. */
export interface ServiceCredentials {
  readonly clientId: string;
  readonly secret?: string;
  /** Private JWK. */
  readonly privateKey?: Readonly<Record<string, unknown>>;
  readonly scope?: string;
  readonly issuer: string;
}

/** Who uses an MCP server. */
export type Caller =
  | { readonly kind: 'service'; readonly credentials: ServiceCredentials }
  /** Default: dynamic registration */
  | { readonly kind: 'person'; readonly user: string; readonly metadataUrl?: string };

/** An MCP client of one SDK. */
export interface TestedClient {
  connect(): Promise<void>;
  listTools(): Promise<readonly string[]>;
  /** @returns the content of the result as a string */
  call(name: string, input: Readonly<Record<string, string>>): Promise<string>;
  readonly accessToken: () => Promise<string | undefined>;
  readonly sessionId: () => string | undefined;
  readonly exchanges: readonly Exchange[];
  close(): Promise<void>;
}

/** @param isModern whether the client negotiates the protocol version 2026-07-28. SDK 2 only. */
export type ClientFactory = (url: URL, caller: Caller, isModern: boolean) => TestedClient;

/** Retry what failed because the user must visit the authorization server. */
export async function retryAfter<Result>(
  run: () => Promise<Result>,
  authorize: (failure: unknown) => Promise<boolean>,
): Promise<Result> {
  try {
    return await run();
  } catch (failure) {
    if (await authorize(failure)) return run();
    throw failure;
  }
}
