import type { JsonObject } from 'passport-jwe';
import type { ModelConfiguration } from 'passport-jwe/api-keys';
import type { TokenUsage } from './token-usage.js';

/** A request to a model, in any format. */
export interface ModelRequest {
  readonly model: string;
  readonly isStream: boolean;
  /** Names of the tools in the request. */
  readonly toolNames: readonly string[];
  /** Estimated number of input tokens. */
  readonly inputEstimate: number;
  /** Maximum number of output tokens, from the configuration of the model. */
  maxOutput(model: ModelConfiguration): number;
  /** The body for the provider: the client's body with limits and defaults applied. */
  bodyFor(model: ModelConfiguration): JsonObject;
}

/** An event of a stream, as the provider sent it. */
export interface StreamEvent {
  readonly event?: string | undefined;
  readonly data: string;
}

/** Follows a stream from the provider to the client. */
export interface StreamMeter {
  /**
   * Returns the text to send for an event, or an empty string.
   * @throws StreamBrokenError if the event ends the stream early.
   */
  relay(event: StreamEvent): string;
  /** Whether the event that ends a complete stream has arrived. */
  readonly isComplete: boolean;
  /** Usage so far: reported by the provider, or estimated from the emitted text. */
  readonly usage: TokenUsage;
}

/** An API format, used by clients and by providers. */
export interface WireFormat<Asked extends ModelRequest = ModelRequest> {
  /** Route of the gateway. */
  readonly route: string;
  /** Path suffix of the endpoints of models with this format. */
  readonly endpointSuffix: string;
  /** Path to append to that endpoint. */
  readonly endpointExtension?: string;
  /** Lower-case names of request headers to forward to providers. */
  readonly forwardedHeaders: readonly string[];
  /** Default request headers. */
  readonly defaultHeaders?: Readonly<Record<string, string>>;
  /** Returns the headers that authenticate the gateway to the provider. */
  authorize(apiKey: string): Readonly<Record<string, string>>;
  /** @throws InvalidRequestError if the body is not a request of this format. */
  read(body: unknown): Asked;
  /** Returns the usage in a complete answer, or `undefined` if it has none. */
  usageOf(answer: JsonObject): TokenUsage | undefined;
  meter(request: Asked): StreamMeter;
  /** Returns the event that ends a broken stream. */
  breakEvent(body: JsonObject): string;
}

/** A stream that ended early. */
export class StreamBrokenError extends Error {
  override readonly name = 'StreamBrokenError';
}

export function formatEvent({ event, data }: StreamEvent): string {
  const name = event === undefined ? '' : `event: ${event}\n`;
  return `${name}${data
    .split('\n')
    .map((line) => `data: ${line}\n`)
    .join('')}\n`;
}
