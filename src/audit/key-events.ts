/** Audit events of key rings and their sources. */
export type KeyEvent =
  | {
      readonly type: 'key_ring.created';
      /** `kid` of the current key, which encrypts. */
      readonly current: string;
      /** `kid`s of the previous keys, which only decrypt. */
      readonly previous: readonly string[];
    }
  | {
      /** The versions of the key ring changed. */
      readonly type: 'key_ring.changed';
      readonly current: string;
      readonly previous: readonly string[];
    }
  | {
      /** A version was added that will replace the current one. */
      readonly type: 'key_ring.rotated';
      readonly current: string;
      readonly next: string;
    }
  | {
      /** A version was retired early. */
      readonly type: 'key_ring.retired';
      readonly kid: string;
    }
  | {
      /** The key source is unavailable or has no valid key ring. The last valid one stays in use. */
      readonly type: 'key_source.failed';
      readonly source: string;
      readonly reason: 'unreachable' | 'malformed';
    }
  | {
      readonly type: 'key_source.reachable';
      readonly source: string;
    }
  | {
      /** A key has used up a large share of its encryption limit. */
      readonly type: 'key.usage_high';
      readonly kid: string;
      readonly used: number;
      readonly limit: number;
    }
  | {
      /** A key has reached its encryption limit and no longer encrypts. */
      readonly type: 'key.exhausted';
      readonly kid: string;
      readonly limit: number;
    };
