import { duration, flag, secret, secureUrl, text } from './kinds.js';
import { defaulted, optional, type ReadSetting } from './setting.js';

export function keySettings(read: ReadSetting) {
  return {
    keysFile: read(
      optional(text, {
        name: 'JWE_KEYS_FILE',
        unset: 'generated in `DATA_DIR`',
        help: 'key file that encrypts tokens; changes take effect without a restart',
      }),
    ),
    trustsKeyGroup: read(
      defaulted(flag, {
        name: 'KEYS_TRUST_GROUP',
        value: 'false',
        help: '`true` accepts a key file that its group can read or write, for example in a Kubernetes volume',
      }),
    ),
    passphrase: read(
      optional(secret, {
        name: 'JWE_PASSPHRASE',
        unset: 'none',
        help: 'passphrase that encrypts tokens, instead of a key file',
      }),
    ),
    salt: read(
      optional(secret, {
        name: 'JWE_SALT',
        unset: 'generated in `DATA_DIR`',
        help: 'salt of `JWE_PASSPHRASE`',
      }),
    ),
    previousPassphrase: read(
      optional(secret, {
        name: 'JWE_PREVIOUS_PASSPHRASE',
        unset: '`JWE_PASSPHRASE` if `JWE_PREVIOUS_SALT` is set, otherwise none',
        help: 'second passphrase that only decrypts',
      }),
    ),
    previousSalt: read(
      optional(secret, {
        name: 'JWE_PREVIOUS_SALT',
        unset: '`JWE_SALT`',
        help: 'salt of `JWE_PREVIOUS_PASSPHRASE`',
      }),
    ),
    rotateEverySeconds: read(
      optional(duration, {
        name: 'ROTATE_EVERY',
        unset: 'never',
        help: 'maximum age of the current key, for example `30d`. One instance rotates the key file or the secret in Vault',
      }),
    ),
    vaultAddress: read(
      optional(secureUrl, {
        name: 'VAULT_ADDR',
        unset: 'none',
        help: 'URL of HashiCorp Vault or OpenBao: `https`, or `http` on loopback',
      }),
    ),
    vaultPath: read(
      optional(text, {
        name: 'VAULT_PATH',
        unset: 'none',
        help: 'path of the KV version 2 secret that contains the keys in the field `jwks`, instead of a key file',
      }),
    ),
    vaultMount: read(
      defaulted(text, {
        name: 'VAULT_MOUNT',
        value: 'secret',
        help: 'mount path of the secrets engine in Vault',
      }),
    ),
    vaultNamespace: read(
      optional(text, { name: 'VAULT_NAMESPACE', unset: 'none', help: 'namespace in Vault' }),
    ),
    vaultToken: read(
      optional(secret, {
        name: 'VAULT_TOKEN',
        unset: 'none',
        help: 'token for Vault, which the gateway renews',
      }),
    ),
    vaultRoleId: read(
      optional(text, {
        name: 'VAULT_ROLE_ID',
        unset: 'none',
        help: 'role ID of an AppRole in Vault, instead of `VAULT_TOKEN`',
      }),
    ),
    vaultSecretId: read(
      optional(secret, { name: 'VAULT_SECRET_ID', unset: 'none', help: 'secret ID of the AppRole' }),
    ),
  };
}
