/** Audit events of API key files. */
export type ApiKeyEvent =
  | {
      /** API keys were loaded and replaced the previous API keys. */
      readonly type: 'api_keys.loaded';
      /** `key_id` of each API key. */
      readonly keyIds: readonly string[];
    }
  | {
      /** Some of the loaded API keys are easy to guess. */
      readonly type: 'api_keys.weak';
      /** `key_id` of each API key. */
      readonly keyIds: readonly string[];
    }
  | {
      /** Environment variables for the loaded files have quotes or white space around their values. */
      readonly type: 'api_keys.wrapped_variables';
      /** Names of the variables, never their values. */
      readonly variables: readonly string[];
    }
  | {
      /** The API key files are invalid. The previous API keys remain in use. */
      readonly type: 'api_keys.rejected';
      /** Number of problems in the files. */
      readonly problemCount: number;
      /** Paths of the invalid files or of the directory. */
      readonly files: readonly string[];
    };
