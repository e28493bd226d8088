import { keySettings } from './key-settings.js';
import { networkSettings } from './network-settings.js';
import { observationSettings } from './observation-settings.js';
import { redisSettings } from './redis-settings.js';
import { serviceSettings } from './service-settings.js';
import type { ReadSetting } from './setting.js';
import { shutdownSettings } from './shutdown-settings.js';
import { storeSettings } from './store-settings.js';

/** Settings of the gateway. */
export type Settings = Readonly<ReturnType<typeof defineSettings>>;

/** Defines all settings in the order of the documentation, and reads each one with `read`. */
export function defineSettings(read: ReadSetting) {
  const service = serviceSettings(read);
  return {
    ...service,
    ...keySettings(read),
    ...storeSettings(read),
    ...redisSettings(read),
    ...networkSettings(read),
    ...observationSettings(read),
    ...shutdownSettings(read, service.host),
  };
}
