import type { JsonObject } from '../../base/json.js';
import type { PersonReference } from '../../stores/family-store.js';

/** Verified user of a token. */
export interface VerifiedUser {
  /** `<name of the directory or provider>:<immutable ID>`, or a digest of a long ID. At most 128 printable ASCII characters. */
  readonly subject: string;
  /** Permissions of the API key that the groups of the user grant. */
  readonly available: readonly string[];
  /** Custom claims of the user, without reserved names. Deeply frozen. */
  readonly claims: JsonObject;
  /**
   * Person whom each refresh checks again.
   *
   * @default undefined (the user cannot have refresh tokens)
   */
  readonly person?: PersonReference;
}
