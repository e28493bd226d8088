import type { JwkSet } from './jwk.js';
/** Keys that decrypt the tokens of trusted issuers. */
export interface DecryptionKeys { exportPublicKeys(): JwkSet; close(): Promise<void> }
