import { randomBytes } from 'node:crypto';
import * as main from 'passport-jwe';
import * as accept from 'passport-jwe/accept';
import * as apiKeys from 'passport-jwe/api-keys';
import * as audit from 'passport-jwe/audit';
import * as issue from 'passport-jwe/issue';
import type { LmdbStores } from 'passport-jwe/lmdb';
import { type AuthInfo, toAuthInfo } from 'passport-jwe/mcp';
import { createMonitor } from 'passport-jwe/monitor';
import * as stores from 'passport-jwe/stores';
import { createTestKeyRing } from 'passport-jwe/testing';
import type { KeySource } from 'passport-jwe/vault';

// Each entry point accepts what another one creates, classes with private members included.

const issuer = 'https://auth.example.com';
const keyRing: accept.KeyRing = await accept.createKeyRing({ current: { secret: randomBytes(32) } });
const trail: main.AuditTrail = audit.createAuditTrail({ sinks: [{ write: () => {} }] });
const memory: stores.Stores = stores.createMemoryStores();

export const tokens = issue.createTokenIssuer({ keyRing, issuer, audit: trail });
export const revocations: issue.Revocations = accept.createRevocations({ stores: memory });
export const monitor = createMonitor({});
export const testRing: issue.KeyRing = createTestKeyRing();
export const clientOf = (...args: Parameters<typeof toAuthInfo>): AuthInfo['clientId'] =>
  toAuthInfo(...args).clientId;
export const storesOf = (lmdb: LmdbStores): stores.Stores => lmdb;
export const openRing = (source: KeySource) => main.openKeyRing({ source });
export const secretOf = (client: apiKeys.ClientCredentials) => client;
export const isError: typeof accept.InvalidTokenError = issue.InvalidTokenError;
export const isProblem: typeof main.ConfigurationError = apiKeys.ConfigurationError;

// @ts-expect-error the class is a type only
export const hidden = apiKeys.SecretText;

console.log(isError === main.InvalidTokenError, isProblem === main.ConfigurationError);
