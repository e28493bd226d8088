import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type ClientSettings, type OAuthClient, type ReceivedTokens, SCOPE } from './oauth-client.js';

type Answer = Readonly<Record<string, unknown>>;

/** curl, which sends HTTP Basic (`-u`) without form-encoding. */
export const curlClient: OAuthClient = {
  name: 'curl',
  members: async () => [],
  calls: {
    discovery: async ({ metadata }) => String((await curl(metadata))['token_endpoint']),
    clientCredentials: async (settings) => readTokens(await obtain(settings)),
    async refresh(settings) {
      const { refreshToken } = readTokens(await obtain(settings));
      return readTokens(
        await post(settings, settings.token, { grant_type: 'refresh_token', refresh_token: refreshToken }),
      );
    },
    async revocation(settings) {
      const tokens = readTokens(await obtain(settings));
      await post(settings, settings.revocation, { token: tokens.accessToken });
      return tokens;
    },
    introspection: async (settings) =>
      post(settings, settings.introspection, { token: readTokens(await obtain(settings)).accessToken }),
  },
};

function obtain(settings: ClientSettings) {
  return post(settings, settings.token, { grant_type: 'client_credentials', scope: SCOPE.join(' ') });
}

function post({ clientId, clientSecret }: ClientSettings, url: string, parameters: Record<string, string>) {
  const data = Object.entries(parameters).flatMap(([name, value]) => [
    '--data-urlencode',
    `${name}=${value}`,
  ]);
  return curl('--user', `${clientId}:${clientSecret}`, ...data, url);
}

/** Run curl, and fail unless the status is 2xx. @returns the JSON of the body, `{}` if the body is empty. */
async function curl(...parameters: readonly string[]): Promise<Answer> {
  const { stdout } = await promisify(execFile)('curl', ['--silent', '--show-error', '--fail', ...parameters]);
  return stdout === '' ? {} : JSON.parse(stdout);
}

function readTokens(answer: Answer): ReceivedTokens {
  return { accessToken: String(answer['access_token']), refreshToken: String(answer['refresh_token'] ?? '') };
}
