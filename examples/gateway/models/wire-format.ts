import type { JsonObject } from 'passport-jwe';
import type { ModelConfiguration } from 'passport-jwe/api-keys';
import type { TokenUsage } from './token-usage.js';

/** What a client asks of a model, in whichever format. */
export interface ModelRequest {
  readonly model: string;
  readonly isStream: boolean;
  /** Names of the tools that it defines. */
  readonly toolNames: readonly string[];
  /** About how many tokens it puts in. */
  readonly inputEstimate: number;
  /** Most tokens that the model may answer with by the configuration of the model. */
  maxOutput(model: ModelConfiguration): number;
  /** The body for the provider: capped, completed, and otherwise as it came. */
  bodyFor(model: ModelConfiguration): JsonObject;
}

/** An event of a stream, as the provider sent it. */
export interface StreamEvent {
  readonly event?: string | undefined;
  readonly data: string;
}

/** Follows one stream on its way from the provider to the client. */
export interface StreamMeter {
  /**
   * The text that the client gets for an event; empty where it gets nothing.
   * @throws StreamBrokenError for what ends the stream before its time.
   */
  relay(event: StreamEvent): string;
  /** The event was seen that ends every whole stream. */
  readonly isComplete: boolean;
  /** What was used up to now: as the provider counted it, or else by what it emitted. */
  readonly usage: TokenUsage;
}

/** One way of talking to models: how clients of the gateway do, and their providers. */
export interface WireFormat<Asked extends ModelRequest = ModelRequest> {
  /** Where clients of the gateway speak it. */
  readonly route: string;
  /** How the path of the endpoint of a model ends that speaks it. */
  readonly endpointSuffix: string;
  /** What is appended to that endpoint. */
  readonly endpointExtension?: string;
  /** Names of request headers, in lower case, that providers are told. */
  readonly forwardedHeaders: readonly string[];
  /** Sent where the client sent none of its own. */
  readonly defaultHeaders?: Readonly<Record<string, string>>;
  /** Headers by which the provider knows the gateway. */
  authorize(apiKey: string): Readonly<Record<string, string>>;
  /** @throws InvalidRequestError where a body is no request of this format. */
  read(body: unknown): Asked;
  /** What a whole answer says that it used; `undefined` where it does not. */
  usageOf(answer: JsonObject): TokenUsage | undefined;
  meter(request: Asked): StreamMeter;
  /** The event that ends a stream which broke. */
  breakEvent(body: JsonObject): string;
}

/** A stream that ended before its time. */
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
