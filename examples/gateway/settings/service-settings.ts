import { fileURLToPath } from 'node:url';
import { dpopMode, port, secret, text, url, urls } from './kinds.js';
import { defaulted, optional, type ReadSetting } from './setting.js';

const OWN_ORIGIN = 'the origin on which the gateway listens';

export function serviceSettings(read: ReadSetting) {
  const host = read(defaulted(text, { name: 'HOST', value: '127.0.0.1', help: 'address to listen on' }));
  const listenPort = read(defaulted(port, { name: 'PORT', value: '3000', help: 'port to listen on' }));
  const dataDir = read(
    optional(text, {
      name: 'DATA_DIR',
      unset: '`examples/gateway/.data`',
      help: 'directory for generated secrets and the embedded store',
    }),
  );
  const apiKeysDir = read(
    optional(text, {
      name: 'API_KEYS_DIR',
      unset: 'the sample directory',
      help: 'directory of API key files; changes take effect without a restart',
    }),
  );
  return {
    host,
    port: listenPort,
    dataDir: dataDir ?? packagePath('.data'),
    apiKeysDir: apiKeysDir ?? packagePath('api-keys'),
    /** Whether the API keys come from the sample directory, which requires a demo API key. */
    isSample: apiKeysDir === undefined,
    demoApiKey: read(
      optional(secret, {
        name: 'DEMO_API_KEY',
        unset: 'generated in `DATA_DIR`',
        help: 'API key of the sample configuration',
      }),
    ),
    issuer: read(optional(url, { name: 'ISSUER', unset: OWN_ORIGIN, help: 'issuer of tokens' })),
    previousIssuers: read(
      optional(urls, {
        name: 'PREVIOUS_ISSUERS',
        unset: 'none',
        help: 'comma-separated list of further issuers whose tokens are accepted',
      }),
    ),
    audience: read(optional(text, { name: 'AUDIENCE', unset: OWN_ORIGIN, help: 'audience of tokens' })),
    publicUrl: read(
      optional(url, {
        name: 'PUBLIC_URL',
        unset: '`ISSUER`',
        help: 'URL of the gateway as clients see it, with a prefix that a proxy removes',
      }),
    ),
    dpop: read(
      defaulted(dpopMode, {
        name: 'DPOP',
        value: 'allow',
        help: 'whether clients can bind tokens to a key: `off`, `allow` or `require`',
      }),
    ),
  };
}

/** Returns a path in the gateway package. This module is in `settings`, or bundled in `dist`. */
function packagePath(name: string): string {
  return fileURLToPath(new URL(`../${name}`, import.meta.url));
}
