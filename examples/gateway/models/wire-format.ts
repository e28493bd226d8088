import type { JsonObject } from 'passport-jwe';
import type { ModelConfiguration, ModelEndpoint } from 'passport-jwe/api-keys';
import type { JsonChanges } from '../json/edit-json.js';
import type { InputEstimate } from './estimate-input.js';
import type { KnownMembers } from './known-members.js';
import type { ReportedUsage, TokenUsage } from './token-usage.js';

/** Model request, parsed from any API format. */
export interface ModelRequest {
  readonly model: string;
  readonly isStream: boolean;
  /** All names of the tools in the request. */
  readonly toolNames: readonly string[];
  /**
   * Number of answers that the provider generates at the same time.
   *
   * @default 1
   */
  readonly choices?: number;
  /** Returns the estimated number of input tokens for a model configuration. */
  readonly inputEstimate: InputEstimate;
  /** Returns the maximum number of output tokens for a model configuration. */
  maxOutput(model: ModelConfiguration): number;
  /**
   * Returns the changes to the body that the configuration of the model and the endpoint require.
   *
   * @throws InvalidRequestError if the configuration does not permit the request.
   */
  changesFor(model: ModelConfiguration, endpoint: ModelEndpoint): JsonChanges;
}

/** Event in a stream. */
export interface StreamEvent {
  /** Text of the event as received, including comments and the empty line at the end. */
  readonly raw: string;
  readonly event?: string | undefined;
  /** Data of the event. Absent for comments, and for events with `id` or `retry` alone. */
  readonly data?: string;
}

/** Event of a stream that contains data. */
export type DataEvent = StreamEvent & { readonly data: string };

/** Processes the events of a stream and counts the usage. */
export interface StreamMeter {
  /**
   * Returns the text to send to the client for an event, or an empty string.
   *
   * @throws StreamBrokenError if the event ends the stream early.
   */
  relay(event: DataEvent): string;
  /** Whether the event that ends a complete stream has arrived. */
  readonly isComplete: boolean;
  /** Whether the answer is whole, so that the stream can end without its last event. Default: `isComplete`. */
  readonly isWhole?: boolean;
  /** Whether neither output nor the end of the answer has arrived. Providers can report the input and reason meanwhile. */
  readonly awaitsOutput: boolean;
  /** Usage so far, as reported by the provider or estimated from the text. */
  readonly usage: TokenUsage;
}

/** API format that clients and providers use. */
export interface WireFormat<Asked extends ModelRequest = ModelRequest> {
  /** Route of the gateway for this format. */
  readonly route: string;
  /** Path suffix of model endpoints with this format. */
  readonly endpointSuffix: string;
  /** Members that requests of restricted tokens can contain. */
  readonly members: KnownMembers;
  /** Path to append to the model endpoint. */
  readonly endpointExtension?: string;
  /** Lower-case names of request headers to forward to providers. */
  readonly forwardedHeaders: readonly string[];
  /** Names of query parameters to forward to providers. Default: none. */
  readonly forwardedQuery?: readonly string[];
  /** Default headers for requests to providers. */
  readonly defaultHeaders?: Readonly<Record<string, string>>;
  /** Returns the headers that authenticate the gateway to the provider. */
  authorize(apiKey: string): Readonly<Record<string, string>>;
  /**
   * Parses a request body.
   *
   * @throws InvalidRequestError if the body is not a request of this format.
   */
  read(body: unknown): Asked;
  /** Returns the counts that a complete response reports. */
  usageOf(answer: JsonObject): ReportedUsage;
  /** Returns the texts in a complete response that the model generated, to estimate an output that is not reported. */
  textsOf(answer: JsonObject): readonly unknown[];
  /** @param inputTokens estimated number of input tokens, until the provider reports it. */
  meter(request: Asked, endpoint: ModelEndpoint, inputTokens: number): StreamMeter;
  /** Returns the event that reports an error at the end of a broken stream. */
  breakEvent(body: JsonObject): string;
}

/** Error for a stream that ended early. */
export class StreamBrokenError extends Error {
  override readonly name = 'StreamBrokenError';
  /** Error type that the provider reported, for example `overloaded_error`. */
  readonly type: string | undefined;
  /** Event of the provider that reports the error, without secrets. It replaces that of the gateway. */
  readonly lastEvent: string | undefined;

  constructor(
    message: string,
    { type, lastEvent }: Partial<Pick<StreamBrokenError, 'type' | 'lastEvent'>> = {},
  ) {
    super(message);
    this.type = type;
    this.lastEvent = lastEvent;
  }
}

/** Formats a server-sent event. */
export function formatEvent({ event, data }: Pick<DataEvent, 'event' | 'data'>): string {
  const name = event === undefined ? '' : `event: ${event}\n`;
  return `${name}data: ${data}\n\n`;
}
