import type { SecretText } from './secret-text.js';

/** Values of `token_limit_member` of a model in an API key file. */
export const TOKEN_LIMIT_MEMBERS = ['max_tokens', 'max_completion_tokens'] as const;

/**
 * Member of OpenAI chat requests that limits the output: the value of `token_limit_member` of a model in an API key file.
 * Newer models of OpenAI reject `max_tokens`.
 *
 * @useDeclaredType
 */
export type TokenLimitMember = (typeof TOKEN_LIMIT_MEMBERS)[number];

/** Endpoint of a model at a provider, with everything that requests to this endpoint need. */
export interface ModelEndpoint {
  /** URL of the provider (`https:`, or `http:` on loopback), or `echo:` for the embedded model. */
  readonly endpoint: string;
  /** API key for the provider. It never appears in a token, log or error. Optional for `echo:` and with `headers`. */
  readonly apiKey?: SecretText;
  /**
   * Model name that the provider expects in requests.
   *
   * @default the `name` of the model
   */
  readonly providerModel: string;
  /** Headers for requests to the endpoint, by lower-case name, for example `api-key` of Azure. */
  readonly headers: ReadonlyMap<string, SecretText>;
  /** Query parameters for requests to the endpoint, for example `api-version` of Azure. Some providers expect a key here. */
  readonly query: ReadonlyMap<string, SecretText>;
  /**
   * Maximum wait for the response headers in milliseconds.
   *
   * @default undefined (the timeout of the application)
   */
  readonly timeoutMs?: number;
  /**
   * Maximum wait for each part of the response body in milliseconds.
   *
   * @default undefined (the timeout of the application)
   */
  readonly idleTimeoutMs?: number;
  /**
   * Member that limits the output in OpenAI chat requests to the provider.
   *
   * @default undefined (the member in the request of the client; without one, `max_completion_tokens`)
   */
  readonly tokenLimitMember?: TokenLimitMember;
  /**
   * Whether a gateway may add `stream_options.include_usage` to OpenAI chat requests, to receive exact usage.
   *
   * @default false
   */
  readonly requestUsage: boolean;
}

/** Estimated model tokens of an image, an audio clip and a file in a request. */
export interface MediaTokens {
  /** @default 1600 */
  readonly image: number;
  /** @default 2000 */
  readonly audio: number;
  /** @default 5000 */
  readonly file: number;
}

/** Model that an API key may use, and the endpoints of the model's providers. */
export interface ModelConfiguration {
  /** Model name that clients send in requests. */
  readonly name: string;
  /** Endpoints, at least one. A request uses the first endpoint of its format, and the next ones if that one fails. */
  readonly endpoints: readonly ModelEndpoint[];
  /** URL of the first endpoint. */
  readonly endpoint: string;
  /** API key of the first endpoint. */
  readonly apiKey?: SecretText;
  /**
   * Maximum number of output tokens per request. If the file does not set it, it is an estimate for requests without a
   * limit, and not a limit itself.
   *
   * @default 1024
   */
  readonly maxTokens: number;
  /** Estimates for media in requests. They apply until the provider reports the usage. */
  readonly mediaTokens: MediaTokens;
  /**
   * Sampling temperature for requests that do not set one, from 0 to 2. Send it to a provider only if `explicit`
   * contains it, because many models reject it.
   *
   * @default 0.7
   */
  readonly temperature: number;
  /** Values of `maxTokens` and `temperature` that the file sets. Only these may change a request to a provider. */
  readonly explicit: {
    /** Present if the file sets `max_tokens`. */
    readonly maxTokens?: number;
    /** Present if the file sets `temperature`. */
    readonly temperature?: number;
  };
}
