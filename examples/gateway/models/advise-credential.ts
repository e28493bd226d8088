import type { Request } from 'express';

/** Keys of OpenAI, Anthropic and providers that copied the format. */
const PROVIDER_KEY = /^sk-/;

/** The segments of a token are separated by dots. API keys from `generateApiKey()` contain none. */
const SEPARATOR = '.';

/**
 * Returns advice for a client that sent an API key or a provider key instead of an access token, otherwise `undefined`.
 *
 * The advice depends on the syntax of the credential alone, so that it does not reveal whether an API key exists. It never
 * contains the credential.
 *
 * @param publicUrl URL of the gateway as clients see it.
 */
export function adviseCredential(req: Request, publicUrl: string): string | undefined {
  const credential = readCredential(req);
  if (credential === undefined || credential.includes(SEPARATOR)) return undefined;
  const mistake = PROVIDER_KEY.test(credential)
    ? 'This is not an access token, but looks like the API key of a model provider, which the gateway never accepts'
    : 'This is not an access token, but looks like an API key';
  return `${mistake}. Get an access token for your API key of the gateway: npx passport-jwe token get --url ${publicUrl}/oauth/token --client KEY_ID`;
}

/** Returns the bearer token, or the value of the header that Anthropic's clients send. */
function readCredential(req: Request): string | undefined {
  const [, token] = /^Bearer +(\S+)$/i.exec(req.get('Authorization') ?? '') ?? [];
  return token ?? req.get('x-api-key');
}
