export * from './accept/index.js';
export { ConfigurationError, type ConfigurationProblem } from './api-keys/configuration-error.js';
export type { WatchedApiKeys } from './api-keys/live-api-keys.js';
export { type LoadApiKeysOptions, type LoadedApiKeys, loadApiKeys } from './api-keys/load-api-keys.js';
export { type WatchApiKeysOptions, watchApiKeys } from './api-keys/watch-api-keys.js';
export {
  type AuditTrail,
  type AuditTrailOptions,
  createAuditTrail,
  type OpenAuditTrail,
} from './audit/record.js';
export { createTokenClient, type TokenClient, type TokenClientOptions } from './client/token-client.js';
export * from './issue/index.js';
export { createMemoryStores, type MemoryStoresOptions } from './stores/memory/create-memory-stores.js';
