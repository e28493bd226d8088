import {
  type AuditTrail,
  type Clock,
  createKeyRing,
  fileKeySource,
  type KeyRing,
  openKeyRing,
} from 'passport-jwe';
import type { Stores } from 'passport-jwe/stores';
import { openDataDirectory } from './data-directory.js';
import type { Settings } from './settings.js';

/** Key ring of the gateway, and a function that closes it. */
export interface OpenKeys {
  readonly keyRing: KeyRing;
  close(): Promise<void>;
}

/** Opens the key ring. A key file is watched, so that `passport-jwe keys rotate` takes effect without a restart. */
export async function openKeys(
  settings: Settings,
  stores: Stores,
  { audit, clock }: { readonly audit: AuditTrail; readonly clock: Clock },
): Promise<OpenKeys> {
  const { passphrase, keysFile, dataDir } = settings;
  const data = openDataDirectory(dataDir);
  const usage = { stores };
  if (passphrase !== undefined) {
    const salt = settings.salt ?? (await data.salt());
    const keyRing = await createKeyRing({ current: { passphrase, salt }, usage, audit });
    return { keyRing, close: async () => undefined };
  }
  const source = fileKeySource({ file: keysFile ?? (await data.keysFile()) });
  const keyRing = await openKeyRing({ source, usage, audit, clock });
  return { keyRing, close: () => keyRing.close() };
}
