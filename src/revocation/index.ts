export type { RevocationCheck } from './check-revocation.js';
export type { Revocable } from './revocable.js';
export {
  createRevocations,
  type FamilyIdentity,
  type RevocationReach,
  type Revocations,
  type RevocationsOptions,
} from './revocations.js';
