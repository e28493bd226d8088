import type { UserRejection } from '../base/rejections.js';

/** Audit events of the verification of users. They contain no names, no passwords and no free text of requests. */
export type UserEvent =
  | {
      /** A directory or an identity provider verified the user of a new token. A refresh records only rejections. */
      readonly type: 'user.authenticated';
      /** `key_id` of the client. */
      readonly clientId: string;
      /** Subject of the token, which contains the immutable ID of the user. */
      readonly subject: string;
      /** Name of the directory that found the user. */
      readonly directory?: string;
      /** Name of the identity provider that signed the user in. */
      readonly provider?: string;
      /** Client address. */
      readonly ip?: string;
      /** ID of the request that the application assigned. */
      readonly requestId?: string;
    }
  | {
      /** A directory or an identity provider rejected the user of a token request. `issuance.refused` follows. */
      readonly type: 'user.rejected';
      /** `key_id` of the client. */
      readonly clientId: string;
      /** Reason for the rejection. */
      readonly reason: UserRejection;
      /** Subject of the user. Absent if the user is unknown. */
      readonly subject?: string;
      /** Name of the directory that found the user. */
      readonly directory?: string;
      /** Name of the identity provider that signed the user in. */
      readonly provider?: string;
      /** Client address. */
      readonly ip?: string;
      /** ID of the request that the application assigned. */
      readonly requestId?: string;
    }
  | {
      /** A directory does not answer. Until it answers again, requests for its users are answered with 503. */
      readonly type: 'directory.unreachable';
      /** Name of the directory. */
      readonly directory: string;
      /**
       * Kind of the failure:
       *
       * - `failed`: the lookup failed,
       * - `timeout`: the lookup took too long,
       * - `malformed`: an answer breaks the contract of `Directory`. Only requests for this person are answered with 503, and
       *   the event is recorded at most once a minute.
       */
      readonly reason: DirectoryFailure;
    }
  | {
      /** A directory answers again. */
      readonly type: 'directory.reachable';
      /** Name of the directory. */
      readonly directory: string;
    };

/**
 * Kind of the failure of a directory.
 *
 * @inline
 */
export type DirectoryFailure = 'failed' | 'timeout' | 'malformed';
