import {
  type AuditTrail,
  type Clock,
  createKeyRing,
  fileKeySource,
  type KeyRing,
  openKeyRing,
} from 'passport-jwe';
import type { Stores } from 'passport-jwe/stores';
import { type KeySource, vaultKeySource } from 'passport-jwe/vault';
import { type DataDirectory, openDataDirectory } from './data-directory.js';
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
  const data = openDataDirectory(settings.dataDir);
  const usage = { stores };
  if (settings.passphrase !== undefined) {
    const keyRing = await createKeyRing({ ...(await passphrasesOf(settings, data)), usage, audit });
    return { keyRing, close: async () => undefined };
  }
  const { rotateEverySeconds } = settings;
  const rotation = rotateEverySeconds === undefined ? {} : { rotateEverySeconds };
  const source = await openSource(settings, data);
  const keyRing = await openKeyRing({ source, ...rotation, usage, audit, clock });
  return { keyRing, close: () => keyRing.close() };
}

async function passphrasesOf(settings: Settings, data: DataDirectory) {
  const { passphrase = '', previousPassphrase, previousSalt } = settings;
  const salt = settings.salt ?? (await data.salt());
  const current = { passphrase, salt };
  if (previousPassphrase === undefined && previousSalt === undefined) return { current };
  const previous = { passphrase: previousPassphrase ?? passphrase, salt: previousSalt ?? salt };
  return { current, previous: [previous] };
}

async function openSource(settings: Settings, data: DataDirectory): Promise<KeySource> {
  const { keysFile, trustsKeyGroup: trustGroup, vaultPath: path } = settings;
  if (path === undefined) return fileKeySource({ file: keysFile ?? (await data.keysFile()), trustGroup });
  const { vaultAddress: url = '', vaultMount: mount, vaultNamespace: namespace } = settings;
  const { vaultToken: token, vaultRoleId: roleId = '', vaultSecretId: secretId = '' } = settings;
  return vaultKeySource({
    ...{ url, mount, path },
    ...(namespace === undefined ? {} : { namespace }),
    auth: token === undefined ? { roleId, secretId } : { token },
  });
}
