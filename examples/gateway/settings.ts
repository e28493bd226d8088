export type { Settings } from './settings/define-settings.js';
export { readSettings } from './settings/read-settings.js';
