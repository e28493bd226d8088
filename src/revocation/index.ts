export type { RevocationCheck } from './check-revocation.js';
export type { Revocable } from './revocable.js';
export { createRevocations } from './revocations.js';
export type {
  FamilyIdentity,
  RevocationReach,
  Revocations,
  RevocationsOptions,
} from './revocations-contract.js';
