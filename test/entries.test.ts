import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { type PublicNames, readImports, readPublicNames } from './support/public-names.js';

// A public name is a promise. Add each new name here and in CHANGELOG.md.

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const together = (...parts: readonly PublicNames[]): PublicNames => ({
  values: [...new Set(parts.flatMap(({ values }) => values))].sort(),
  types: [...new Set(parts.flatMap(({ types }) => types))].sort(),
});

const BASE: PublicNames = {
  values: words(`
      AccessDeniedError InsufficientScopeError InvalidClientError InvalidDpopProofError InvalidGrantError InvalidRequestError
      InvalidScopeError InvalidTargetError InvalidTokenError MissingCredentialsError PassportJweError
      RateLimitExceededError TemporarilyUnavailableError UnauthorizedClientError UnsupportedGrantTypeError
      UnsupportedTokenTypeError UseDpopNonceError createSteadyClock
    `),
  types: words(`
      ClientRejection Clock ClockStep DpopRejection Duration ErrorCode ExchangeRejection GrantRejection JsonObject JsonValue
      NumericDate RateLimitState SteadyClock SteadyClockOptions TokenRejection UserRejection WireError WorkloadIdentity
    `),
};

const KEYS: PublicNames = {
  values: words(`
      createDecryptionKeys createKeyRing createVerificationKeys directoryKeySource discoverJwks environmentKeySource fileKeySource
      generateKeySet openKeyRing passphraseKeySource remoteJwks
    `),
  types: words(`
      ContentEncryption ContentEncryptionAlgorithm DecryptionKeyDefaults DecryptionKeyLocation
      DecryptionKeySource DecryptionKeyText DecryptionKeys DirectoryKeySourceOptions DiscoverJwksOptions EnvironmentKeySourceOptions FileKeySourceOptions Jwk
      JwkLocation JwkSet KeyLocation KeyManagementAlgorithm KeyRing KeyRingOptions KeySource KeySpec KeyState KeyTextLocation
      KeyUsageOptions KeyVersion OpenKeyRingOptions PassphraseKey PrivateFile RecipientKeys
      RemoteJwksOptions RotatingKeyRing SignatureAlgorithm SignatureOptions SigningKey
      VerificationAlgorithm VerificationKey VerificationKeys
    `),
};

const CLAIMS: PublicNames = {
  values: [],
  types: words(`
      ApiKeyType ClaimsByType ClaimsSchema ClaimsSet Confirmation DelegationClaims EndpointClaims ExternalClaims ForeignClaims
      FunctionClaims IssuedClaims LineageEntry ModelClaims NoClaims RateLimits ServiceClaims TokenType UserClaims
      UserLimits VerifiedToken VerifiedTokenOf
    `),
};

const REVOCATION: PublicNames = {
  values: words(`
      createRevocations
    `),
  types: words(`
      FamilyIdentity Revocable RevocationCheck RevocationReach Revocations RevocationsOptions
    `),
};

/** What both halves share. */
const SHARED = together(BASE, KEYS, CLAIMS, REVOCATION);

const ACCEPT: PublicNames = {
  values: words(`
      JweStrategy admissionOf auth0 authJsSession authenticate bearerErrors createLegacyKey createLimits createRequestVerifier createTokenVerifier
      findVerifiedToken forwardAuth isResponseFinished limitRequests oidcProvider okta onResponseFinished openIddict
      protectedResourceMetadata
      protectedResourceUrl publicKeysEndpoint requireAnyScope requireAudience requireClaim requireClaims requireEndpoint requireFunctions
      requireMaxAge requireModel requireProof requireScope requireType scopeFromUser
      trustedIssuer verifiedToken
    `),
  types: words(`
      AcceptOptions Admission Auth0Options AuthJsSessionOptions AuthenticateOptions BearerMethod ChallengeOptions ClaimsOptions CorsOptions Cost DpopAlgorithm DpopOptions DpopReplayOptions ExemptRoute ForwardAuthOptions IssuerMatcher
      JweStrategyOptions KeyPublisher
      LegacyKey LegacyKeySource LegacyOptions LegacyPassphraseKey LegacyTokenType LimitRequestsOptions
      Limits LimitsOptions MetadataMembers MutualTlsOptions PresetOptions ProtectedResource ProtectedResourceMetadataOptions
      RequestVerifier RequestVerifierOptions SeveralProtectedResources StoreFailurePolicy TokenCacheOptions TokenLocations TokenVerifier
      TokenVerifierOptions TrustedIssuer TrustedIssuerOptions Usage VerifyDone VerifyFunction VerifyFunctionWithRequest
    `),
};

const ISSUE: PublicNames = {
  values: words(`
      authorizationServerMetadata createSessions createSigningKey createTokenIssuer createUserSessions findTokenClient publishAccessKeys
      sessionRouter sweepDirectory tokenRouter
    `),
  types: words(`
      AllSessionsEnd AuthorizationServerMetadataOptions ClaimsContext ClaimsHook ClientTokenRequest CorsOptions DirectorySweep DpopAlgorithm IssueRequest
      IssuedToken MetadataMembers MutualTlsOptions PublishAccessKeysOptions RefreshSettings Session SessionEnd SessionOwner SessionPage SessionQuery
      SessionRouterOptions SessionTokens SessionUser Sessions SessionsOptions SweepDirectoryOptions ThrottleOptions TokenIssuer
      TokenIssuerOptions TokenRouterDpopOptions TokenRouterOptions UserClaimsHook UserDirectoriesOptions UserSessionRefresh UserSessionStart UserSessions
      DirectoryLink IdentityProvider IdentityProviderType
      UserSessionsEnd UserSessionsOptions UserTokenRequest Workload WorkloadIssuer
    `),
};

/** What the main entry has beside both halves. */
const COMMON: PublicNames = {
  values: words(`
      ConfigurationError createAuditTrail createMemoryStores createTokenClient loadApiKeys watchApiKeys
    `),
  types: words(`
      AuditTrail AuditTrailOptions ConfigurationProblem LoadApiKeysOptions LoadedApiKeys
      MemoryStoresOptions OpenAuditTrail TokenClient TokenClientOptions WatchApiKeysOptions WatchedApiKeys
    `),
};

const API_KEYS: PublicNames = {
  values: words(`
      ConfigurationError generateApiKey loadApiKeys parseApiKey watchApiKeys
    `),
  types: words(`
      ApiKey ApiKeyFault ApiKeyRegistry ApiKeyRule ApiKeyStates ApiKeysState CertificateSubject ClaimConditions ClientAssertionRules ClientCertificateRules
      ClientCredentials
      ConfigurationProblem DelegationRules DirectoryUsers DpopPolicy GenerateApiKeyOptions GroupPermissions IdTokenRule LoadApiKeysOptions LoadedApiKeys
      MediaTokens ModelConfiguration ModelEndpoint ParsedApiKey RefreshTokens SecretText SurplusScopes TokenLimitMember
      WatchApiKeysOptions WatchedApiKeys WorkloadRule
    `),
};

const VAULT: PublicNames = {
  values: words(`
      vaultKeySource
    `),
  types: words(`
      KeySource VaultAuth VaultCredential VaultKeySourceOptions
    `),
};

const AUDIT: PublicNames = {
  values: words(`
      createAuditTrail openAuditFile pinoSink verifyAuditFile
    `),
  types: words(`
      ApiKeyEvent AuditChain AuditEvent AuditFile AuditLogger AuditProblem AuditRecord AuditSink AuditTrail
      AuditTrailOptions AuditVerdict AuditVerification ClientAddressEvent KeyEvent OpenAuditFileOptions OpenAuditTrail
      SessionEvent StoreEvent TokenEvent TokenIssuance UserEvent
    `),
};

const MONITOR: PublicNames = {
  values: words(`
      createMonitor
    `),
  types: words(`
      AnswerTarget AnswersByKind CountThreshold Monitor MonitorOptions RateThreshold Revoker
      SuspicionAnswer SuspicionKind SuspicionThresholds SuspiciousUse
    `),
};

const STORES: PublicNames = {
  values: words(`
      createMemoryStores explainStoreFailure
    `),
  types: words(`
      AdmissionAnswer AdmissionStep Bucket CounterStep CounterStore FamilyGroup FamilyName FamilyPage
      FamilyPageRequest FamilyRecord FamilyState FamilyStore LimitStore MemoryStoresOptions Rate RateState
      Refusal ReplayStore ReplayUse ReplayVerdict RevocationEntry RevocationFill RevocationFold RevocationStore StoreBounds StoreFailure
      StoreFailureReason StoredFamily Stores
    `),
};

const LMDB: PublicNames = {
  values: words(`
      RestoredStoreError openLmdbStores
    `),
  types: words(`
      LmdbStores OpenLmdbStoresOptions
    `),
};

const REDIS: PublicNames = {
  values: words(`
      openRedisStores
    `),
  types: words(`
      OpenRedisStoresOptions RedisAddress RedisStores RedisStoresSettings
    `),
};

const TESTING: PublicNames = {
  values: words(`
      TEST_AUDIENCE TEST_ISSUER createTestClock createTestKeyRing mintToken
    `),
  types: words(`
      MintTokenOptions TestClock
    `),
};

const MCP: PublicNames = {
  values: words(`
      attachAuthInfo createMcpSessions requireToolScope toAuthInfo tokenVerifier
    `),
  types: words(`
      AuthInfo AuthInfoExtra McpErrorCode McpSessions McpSessionsOptions McpTokenVerifier McpTokenVerifierOptions ToolScopes
    `),
};

const LDAP: PublicNames = {
  values: words(`
      ldapDirectory normalizeDn
    `),
  types: words(`
      Directory DirectoryPerson DirectorySignIn LdapDirectoryOptions LdapGroupSearch LdapUserAttributes PersonState
    `),
};

const ENTRIES: readonly (readonly [entry: string, file: string, names: PublicNames])[] = [
  ['.', 'index.ts', together(SHARED, ACCEPT, ISSUE, COMMON)],
  ['./accept', 'accept/index.ts', together(SHARED, ACCEPT)],
  ['./issue', 'issue/index.ts', together(SHARED, ISSUE)],
  ['./api-keys', 'api-keys/index.ts', API_KEYS],
  ['./vault', 'keys/vault/index.ts', VAULT],
  ['./audit', 'audit/index.ts', AUDIT],
  ['./monitor', 'monitor/index.ts', MONITOR],
  ['./stores', 'stores/index.ts', STORES],
  ['./lmdb', 'stores/lmdb/open-lmdb-stores.ts', LMDB],
  ['./redis', 'stores/redis/open-redis-stores.ts', REDIS],
  ['./ldap', 'directory/ldap/ldap-directory.ts', LDAP],
  ['./mcp', 'accept/mcp/index.ts', MCP],
  ['./testing', 'testing/index.ts', TESTING],
];

describe.each(ENTRIES)('the entry %s', (_entry, file, names) => {
  test('exports these values and no others', async () => {
    expect((await readPublicNames(file)).values).toEqual(names.values);
    expect(Object.keys(await import(`../src/${file}`)).sort()).toEqual(names.values);
  });

  test('exports these types and no others', async () => {
    expect((await readPublicNames(file)).types).toEqual(names.types);
  });
});

test('the package has these entries and no others', async () => {
  const { exports } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));

  expect(Object.keys(exports).sort()).toEqual(['./package.json', ...ENTRIES.map(([entry]) => entry)].sort());
});

describe('of the two halves', () => {
  test.each([
    ['accept', 'issue'],
    ['issue', 'accept'],
  ])('%s imports nothing of %s', async (half, other) => {
    const imports = [...(await readImports(`${half}/index.ts`))];

    expect(imports.length).toBeGreaterThan(50);
    expect(imports.filter((path) => path.startsWith(`${other}/`))).toEqual([]);
  });

  test('neither imports a driver, the key source of Vault, the monitor or the command line', async () => {
    const imports = [...(await readImports('accept/index.ts')), ...(await readImports('issue/index.ts'))];
    const optional = /^(cli|monitor|client|stores\/lmdb|stores\/redis|keys\/vault|directory\/ldap)\//;

    expect(imports.filter((path) => optional.test(path))).toEqual([]);
  });
});

test('the entry ./mcp does not import the MCP SDKs', async () => {
  const imports = [...(await readImports('accept/mcp/index.ts'))];
  const sources = imports.map((path) => readFile(new URL(`../src/${path}`, import.meta.url), 'utf8'));

  expect(imports.length).toBeGreaterThan(50);
  expect((await Promise.all(sources)).filter((text) => text.includes('@modelcontextprotocol'))).toEqual([]);
});
