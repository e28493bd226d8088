/** Audit events of key rings, key sources and remote JWK Sets. */
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
      /** Key ID of the current key. */
      readonly current: string;
      /** Key IDs of all other roots and keys. */
      readonly previous: readonly string[];
    }
  | {
      /** A key version was added, which will replace the current one. */
      readonly type: 'key_ring.rotated';
      /** Key ID of the current key, which encrypts until the new version replaces it. */
      readonly current: string;
      /** Key ID of the new key version. */
      readonly next: string;
    }
  | {
      /** A key version was retired before its scheduled end. */
      readonly type: 'key_ring.retired';
      /** Key ID of the retired version. */
      readonly kid: string;
    }
  | {
      /** The key source is unavailable or its keys are invalid. The last valid keys remain in use. */
      readonly type: 'key_source.failed';
      /** `name` of the `KeySource`. */
      readonly source: string;
      /** `unreachable`: the source cannot be read. `malformed`: its keys are invalid. */
      readonly reason: 'unreachable' | 'malformed';
    }
  | {
      /** The key source is available again. */
      readonly type: 'key_source.reachable';
      /** `name` of the `KeySource`. */
      readonly source: string;
    }
  | {
      /** A key has used up a large share of its encryption limit. */
      readonly type: 'key.usage_high';
      /** Key ID of the key. */
      readonly kid: string;
      /** Number of encryptions with the key. */
      readonly used: number;
      /** Maximum number of encryptions with the key. */
      readonly limit: number;
    }
  | {
      /** A key has reached its encryption limit and no longer encrypts. */
      readonly type: 'key.exhausted';
      /** Key ID of the key. */
      readonly kid: string;
      /** Maximum number of encryptions with the key. */
      readonly limit: number;
    }
  | {
      /** A remote JWK Set or the metadata of its issuer cannot be loaded, or is available again. */
      readonly type: 'jwks.unreachable' | 'jwks.reachable';
      /** URL of the JWK Set, without the query. For `discoverJwks()`, the issuer. */
      readonly source: string;
    };
