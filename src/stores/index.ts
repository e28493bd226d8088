export type { CounterStep, CounterStore } from './counter-store.js';
export {
  explainStoreFailure,
  type StoreFailure,
  type StoreFailureReason,
} from './explain-store-failure.js';
export type {
  FamilyGroup,
  FamilyName,
  FamilyPage,
  FamilyPageRequest,
  FamilyRecord,
  FamilyState,
  FamilyStore,
  StoredFamily,
} from './family-store.js';
export type {
  AdmissionAnswer,
  AdmissionStep,
  Bucket,
  LimitStore,
  Rate,
  RateState,
  Refusal,
} from './limit-store.js';
export { createMemoryStores, type MemoryStoresOptions } from './memory/create-memory-stores.js';
export type { ReplayStore, ReplayUse, ReplayVerdict } from './replay-store.js';
export type { RevocationEntry, RevocationFill, RevocationFold, RevocationStore } from './revocation-store.js';
export type { StoreBounds, Stores } from './stores.js';
