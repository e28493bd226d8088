import { count, storeFailure, text } from './kinds.js';
import { defaulted, optional, type ReadSetting } from './setting.js';

export function storeSettings(read: ReadSetting) {
  return {
    storeGenerationFile: read(
      optional(text, {
        name: 'STORE_GENERATION_FILE',
        unset: 'next to the store',
        help: 'path of the generation file of the embedded store; use a different disk if you back up `DATA_DIR` as a whole',
      }),
    ),
    maxRevocations: read(
      defaulted(count, {
        name: 'MAX_REVOCATIONS',
        value: '1000000',
        help: 'maximum number of stored revocations',
      }),
    ),
    maxRevocationsPerClient: read(
      defaulted(count, {
        name: 'MAX_REVOCATIONS_PER_CLIENT',
        value: '10000',
        help: 'maximum number of stored revocations of single tokens and sessions per API key',
      }),
    ),
    onStoreFailure: read(
      defaulted(storeFailure, {
        name: 'ON_STORE_FAILURE',
        value: 'deny',
        help: 'limits while Redis is unavailable: `deny` (503), `allow` (no limits), or `local:0.25` (this share of each limit per instance)',
      }),
    ),
  };
}
