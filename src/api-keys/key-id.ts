/** Syntax of a `key_id`. It excludes `:`, so that no URL is a `key_id`. */
export const KEY_ID = /^[A-Za-z0-9._~-]{1,64}$/;
