import { createTokenClient, type TokenClient, type TokenClientOptions } from 'passport-jwe';
import { AUDIENCE, NOW } from './tokens.js';

/** A token client with a DPoP key, for a server whose time is `NOW`. */
export function createDpopClient(origin: string, options: Partial<TokenClientOptions> = {}): TokenClient {
  return createTokenClient({
    tokenEndpoint: `${origin}/token`,
    clientId: 'billing',
    clientSecret: 'sk-canary',
    audience: AUDIENCE,
    dpop: true,
    clock: () => NOW + 0.5,
    ...options,
  });
}
