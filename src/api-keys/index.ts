export type {
  ApiKey,
  CertificateSubject,
  ClientAssertionRules,
  ClientCertificateRules,
  DelegationRules,
  DirectoryUsers,
  DpopPolicy,
  GroupPermissions,
  IdTokenRule,
  RefreshTokens,
  SurplusScopes,
  WorkloadRule,
} from './api-key.js';
export type { ApiKeyFault, ApiKeyRegistry, ApiKeyRule, ClientCredentials } from './api-key-registry.js';
export type { ApiKeyStates } from './check-key-states.js';
export { ConfigurationError, type ConfigurationProblem } from './configuration-error.js';
export { type GenerateApiKeyOptions, generateApiKey } from './generate-api-key.js';
export type { ApiKeysState, WatchedApiKeys } from './live-api-keys.js';
export { type LoadApiKeysOptions, type LoadedApiKeys, loadApiKeys } from './load-api-keys.js';
export type { ClaimConditions } from './matches-conditions.js';
export type {
  MediaTokens,
  ModelConfiguration,
  ModelEndpoint,
  TokenLimitMember,
} from './model-configuration.js';
export { type ParsedApiKey, parseApiKey } from './parse-api-key.js';
export type { SecretText } from './secret-text.js';
export { type WatchApiKeysOptions, watchApiKeys } from './watch-api-keys.js';
