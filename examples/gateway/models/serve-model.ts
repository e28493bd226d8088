import { Readable } from 'node:stream';
import type { Request, RequestHandler, Response } from 'express';
import { isResponseFinished, type JsonObject, verifiedToken } from 'passport-jwe';
import type { ApiKeyRegistry, ModelConfiguration, ModelEndpoint } from 'passport-jwe/api-keys';
import type { Dispatcher } from 'undici';
import { decodeUtf8 } from '../json/decode-utf8.js';
import { editJson, editParts } from '../json/edit-json.js';
import { noteFailure } from '../observability/noted-failures.js';
import { requestIdOf } from '../observability/request-id.js';
import type { Traced } from '../observability/tracing.js';
import {
  callProvider,
  type ProviderAnswer,
  type ProviderCall,
  readBytes,
  translateFailure,
} from './call-provider.js';
import type { CompletionListener } from './completion-record.js';
import { discard } from './decode-body.js';
import { describeFailure, describeModelError } from './describe-model-error.js';
import { describeOperation } from './describe-operation.js';
import { endpointsOf, findModel, urlOf } from './find-model.js';
import { type Course, followExchange } from './follow-exchange.js';
import { providerFailed } from './model-api-error.js';
import { isJsonObject } from './read-body.js';
import { relayStream } from './relay-stream.js';
import { suspendRetries } from './suspend-retries.js';
import { completeUsage, estimateOutput, isSilent, NOTHING } from './token-usage.js';
import { usageAttributes } from './usage-attributes.js';
import { type ModelRequest, StreamBrokenError, type WireFormat } from './wire-format.js';

/** Dependencies of the model handlers. */
export interface ModelService {
  readonly apiKeys: Pick<ApiKeyRegistry, 'get'>;
  /** Connection pool for the providers. */
  readonly dispatcher: Dispatcher;
  /** Returns the origin of the embedded model. */
  echoOrigin(): Promise<string>;
  readonly onCompletion: CompletionListener;
  /** Runs a request to a provider, and the transfer of its response, within a tracing span. */
  readonly traced: Traced;
}

/** Route of an API format, and functions that return the request. */
export interface ModelRoute<Asked extends ModelRequest> {
  readonly format: WireFormat<Asked>;
  /** Returns the received body. */
  bytesOf(req: Request): Buffer;
  askedOf(req: Request): Asked;
}

interface Exchange<Asked extends ModelRequest> extends ModelRoute<Asked> {
  readonly req: Request;
  readonly res: Response;
  readonly course: Course;
  readonly model: ModelConfiguration;
}

const MAX_ANSWER_LENGTH = 64 * 1024 * 1024;

/**
 * Returns the requested model.
 *
 * @throws ModelApiError (404) if the token may not use the model, or if it is not configured.
 */
export function modelOf(req: Request, name: string, apiKeys: ModelService['apiKeys']): ModelConfiguration {
  return findModel(verifiedToken(req), name, apiKeys);
}

/** Creates a handler that forwards a request to the provider of its model and settles the usage. */
export function serveModel<Asked extends ModelRequest>(
  route: ModelRoute<Asked>,
  service: ModelService,
): RequestHandler {
  const serve = async (req: Request, res: Response): Promise<void> => {
    const asked = route.askedOf(req);
    const model = modelOf(req, asked.model, service.apiKeys);
    const reserved = { inputTokens: asked.inputEstimate(model), outputTokens: asked.maxOutput(model) };
    const { choices = 1 } = asked;
    const { name, attributes } = describeOperation(route.format.route, model.name);
    return service.traced(name, attributes, async (span) => {
      const onCompletion: CompletionListener = (record) => {
        span.setAttributes(usageAttributes(record));
        if (record.outcome === 'broken') span.fail('stream_broken');
        service.onCompletion(record);
      };
      const course = followExchange({ req, res, model: model.name, reserved, choices, onCompletion });
      const exchange = { ...route, req, res, course, model };
      try {
        const answer = await ask(exchange, service);
        await (asked.isStream ? passStreamOn(exchange, answer) : passAnswerOn(exchange, answer));
      } catch (failure) {
        course.end('refused', NOTHING);
        throw failure;
      }
    });
  };

  return function answerModelRequest(req, res, next) {
    serve(req, res).catch((failure: unknown) => {
      // A client that has disconnected needs no response.
      if (!isResponseFinished(res)) next(failure);
    });
  };
}

async function ask<Asked extends ModelRequest>(
  exchange: Exchange<Asked>,
  { dispatcher, echoOrigin }: ModelService,
): Promise<ProviderAnswer> {
  const { format, course, model, req } = exchange;
  const origin = await echoOrigin();
  const calls = endpointsOf(model, format).map(
    (endpoint) => () => callOf(exchange, endpoint, urlOf(endpoint, format, origin, req.query)),
  );
  return suspendRetries(model, (permit) => callProvider(dispatcher, calls, course, permit));
}

function callOf<Asked extends ModelRequest>(
  exchange: Exchange<Asked>,
  endpoint: ModelEndpoint,
  url: Readonly<URL>,
): ProviderCall {
  const { format, askedOf, bytesOf, req, model } = exchange;
  const asked = askedOf(req);
  const headers = headersOf(format, req, endpoint);
  headers['accept'] = asked.isStream ? 'text/event-stream' : 'application/json';
  const changes = new Map(asked.changesFor(model, endpoint));
  if (endpoint.providerModel !== asked.model) {
    changes.set('model', { kind: 'set', value: endpoint.providerModel });
  }
  const bytes = bytesOf(req);
  if (bytes.length < LARGE || changes.size === 0)
    return { endpoint, url, headers, body: editJson(bytes, changes) };
  const parts = editParts(bytes, changes).filter(({ length }) => length > 0);
  headers['content-length'] = String(parts.reduce((sum, { length }) => sum + length, 0));
  return { endpoint, url, headers, body: Readable.from(parts) };
}

/** Returns the headers of a request. Those of the endpoint override those of the client and of the format. */
function headersOf(
  { defaultHeaders, forwardedHeaders, authorize }: HeaderTerms,
  req: Request,
  endpoint: ModelEndpoint,
): Record<string, string> {
  const headers: Record<string, string> = { ...defaultHeaders };
  for (const name of forwardedHeaders) {
    const value = req.get(name);
    if (value !== undefined) headers[name] = value;
  }
  if (endpoint.apiKey !== undefined) Object.assign(headers, authorize(endpoint.apiKey.reveal()));
  for (const [name, value] of endpoint.headers) headers[name] = value.reveal();
  headers['content-type'] = 'application/json';
  headers['accept-encoding'] = 'identity';
  return headers;
}

type HeaderTerms = Pick<WireFormat, 'authorize' | 'defaultHeaders' | 'forwardedHeaders'>;

/** Length in bytes from which a changed body is sent in parts, because a copy would need too much memory. */
const LARGE = 256 * 1024;

async function passAnswerOn<Asked extends ModelRequest>(
  { format, askedOf, req, res, course, model }: Exchange<Asked>,
  { body }: ProviderAnswer,
): Promise<void> {
  const bytes = await readBytes(body, MAX_ANSWER_LENGTH).catch((cause: unknown) => {
    throw translateFailure(cause);
  });
  const answer = parseAnswer(bytes);
  const reported = format.usageOf(answer);
  const estimated = {
    inputTokens: askedOf(req).inputEstimate(model),
    outputTokens: reported.outputTokens ?? estimateOutput(format.textsOf(answer)),
  };
  course.end('completed', completeUsage(reported, estimated));
  // Without `send()`, which would compute an ETag. Responses to POST requests need none.
  res.statusCode = 200;
  res.setHeader('Content-Type', JSON_TYPE);
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

const JSON_TYPE = 'application/json; charset=utf-8';

function parseAnswer(bytes: Buffer): JsonObject {
  const answer = parse(bytes);
  if (isJsonObject(answer)) return answer;
  throw providerFailed(new Error('The response of the provider is not a JSON object'));
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch {
    // The error of the parser would quote the response, which must not be logged.
    return undefined;
  }
}

/** Relays a streamed response. The first event sends the status, so later failures are reported in a final event. */
async function passStreamOn<Asked extends ModelRequest>(
  { format, askedOf, req, res, course, model }: Exchange<Asked>,
  { body, contentType, endpoint }: ProviderAnswer,
): Promise<void> {
  if (!/^text\/event-stream\b/i.test(contentType)) {
    discard(body);
    throw providerFailed(new Error('The provider did not respond with an event stream'));
  }
  const asked = askedOf(req);
  const meter = format.meter(asked, endpoint, asked.inputEstimate(model));
  course.follow(meter);
  try {
    await relayStream({ body, res, meter, signal: course.signal() });
    course.end('completed', meter.usage);
  } catch (cause) {
    course.end('broken', isSilent(meter.usage) ? NOTHING : meter.usage);
    if (isResponseFinished(res)) return;
    noteFailure(res, cause);
    const failed = describeFailure(providerFailed(cause));
    const type = cause instanceof StreamBrokenError ? cause.type : undefined;
    const detail = type === undefined ? failed : { ...failed, type };
    const lastEvent = cause instanceof StreamBrokenError ? cause.lastEvent : undefined;
    res.write(lastEvent ?? format.breakEvent(describeModelError(detail, requestIdOf(res))));
  }
  res.end();
}
