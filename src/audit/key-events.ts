/** Audit events of key rings and their sources. */
export type KeyEvent =
  | {
      /** A key ring was created. */
      readonly type: 'key_ring.created';
      /** Key ID of the current key, which encrypts. */
      readonly current: string;
      /** Key IDs of all other roots and keys: previous and pending versions, and recipient keys. */
      readonly previous: readonly string[];
    }
  | {
      /** The key versions of the key ring changed. */
      readonly type: 'key_ring.changed';
      readonly current: string;
      readonly previous: readonly string[];
    }
  | {
      /** A key version was added, which will replace the current one. */
      readonly type: 'key_ring.rotated';
      readonly current: string;
      readonly next: string;
    }
  | {
      /** A key version was retired before its scheduled end. */
      readonly type: 'key_ring.retired';
      readonly kid: string;
    }
  | {
      /** The key source is unavailable or its keys are invalid. The last valid keys remain in use. */
      readonly type: 'key_source.failed';
      readonly source: string;
      readonly reason: 'unreachable' | 'malformed';
    }
  | {
      /** The key source is available again. */
      readonly type: 'key_source.reachable';
      readonly source: string;
    }
  | {
      /** A key has used up a large share of its encryption limit. */
      readonly type: 'key.usage_high';
      readonly kid: string;
      /** Number of encryptions with the key. */
      readonly used: number;
      /** Maximum number of encryptions with the key. */
      readonly limit: number;
    }
  | {
      /** A key has reached its encryption limit and no longer encrypts. */
      readonly type: 'key.exhausted';
      readonly kid: string;
      readonly limit: number;
    };
