import type { KeyRing, KeyVersion, RotatingKeyRing } from 'passport-jwe';
import { Gauge, type Registry } from 'prom-client';

/** Publishes the validity of key versions at each scrape. A key ring from a passphrase has no versions. */
export function observeKeys(registry: Registry, keyRing: KeyRing): void {
  if (!hasVersions(keyRing)) return;
  const publish = (name: string, help: string, read: (version: KeyVersion) => number | undefined): void => {
    const created: Gauge<'kid' | 'state'> = new Gauge({
      name,
      help,
      labelNames: ['kid', 'state'],
      registers: [registry],
      collect() {
        created.reset();
        for (const version of keyRing.versions) {
          const { kid, state } = version;
          const value = read(version);
          if (value !== undefined) created.set({ kid, state }, value);
        }
      },
    });
  };
  publish(
    'gateway_key_not_before_timestamp_seconds',
    'Time from which a key version encrypts, in seconds since 1970',
    ({ notBefore }) => notBefore,
  );
  publish(
    'gateway_key_expires_timestamp_seconds',
    'Time from which a key version no longer decrypts, in seconds since 1970; absent until a rotation sets it',
    ({ notAfter }) => notAfter,
  );
}

function hasVersions(keyRing: KeyRing): keyRing is RotatingKeyRing {
  return 'versions' in keyRing;
}
