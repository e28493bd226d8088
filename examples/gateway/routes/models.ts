import express, { type Request, type RequestHandler, type Router } from 'express';
import {
  admissionOf,
  isResponseFinished,
  type Limits,
  limitRequests,
  requireClaims,
  requireFunctions,
  requireModel,
  requireScope,
  requireType,
} from 'passport-jwe';
import { anthropicMessages, anthropicTokenCount } from '../models/anthropic-messages.js';
import { bufferBody } from '../models/buffer-body.js';
import { listModels, showModel } from '../models/list-models.js';
import { openaiChat } from '../models/openai-chat.js';
import { openaiEmbeddings } from '../models/openai-embeddings.js';
import { openaiResponses } from '../models/openai-responses.js';
import { receiveBody } from '../models/receive-body.js';
import { rejectDetours } from '../models/reject-detours.js';
import { rejectMethod, rejectRoute } from '../models/reject-route.js';
import { rejectUpgrade } from '../models/reject-upgrade.js';
import { type ModelService, modelOf, serveModel } from '../models/serve-model.js';
import type { ModelRequest, WireFormat } from '../models/wire-format.js';
import { remember } from './remember.js';

/** Maximum body size, sufficient for images and long conversations. */
const BODY_LIMIT = 32 * 1024 * 1024;

const FORMATS = [openaiChat, openaiResponses, openaiEmbeddings, anthropicMessages, anthropicTokenCount];
const SERVED = [...FORMATS.map(({ route }) => `POST ${route}`), 'GET /v1/models', 'GET /v1/models/:id'];

/** Dependencies of the model routes. */
export interface ModelRoutesParts extends ModelService {
  readonly limits: Limits;
}

/** Creates the model routes for OpenAI's and Anthropic's clients. Mount them behind `authenticate()`. */
export function modelRoutes(parts: ModelRoutesParts): Router {
  const { apiKeys, limits } = parts;
  const router = express.Router();
  router.use(requireScope('execute:models'));
  router.use(requireType('tiered_model_exec', 'function_call', 'delegation'));
  router.get('/models', limitRequests({ limits }), listModels(apiKeys));
  router.get('/models/:id', limitRequests({ limits }), showModel(apiKeys));
  router.all(['/models', '/models/:id'], rejectMethod('GET', 'HEAD'));
  mountFormat(router, openaiChat, parts);
  router.get('/responses', rejectUpgrade);
  mountFormat(router, openaiResponses, parts);
  mountFormat(router, openaiEmbeddings, parts);
  mountFormat(router, anthropicMessages, parts);
  mountFormat(router, anthropicTokenCount, parts);
  router.use(rejectRoute(SERVED));
  return router;
}

/** Mounts a route. It admits requests before it reads them, so that few bodies of a key are in memory at the same time. */
function mountFormat<Asked extends ModelRequest>(
  router: Router,
  format: WireFormat<Asked>,
  parts: ModelRoutesParts,
): void {
  const bodyOf = remember(receiveBody);
  const bytesOf = remember((req) => bodyOf(req).bytes);
  const askedOf = remember((req) => format.read(bodyOf(req).value));
  /** Returns the tokens to reserve: the estimated input and the maximum output. Unused tokens are returned later. */
  const tokens = (req: Request): number => {
    const asked = askedOf(req);
    const model = modelOf(req, asked.model, parts.apiKeys);
    return asked.inputEstimate(model) + asked.maxOutput(model);
  };
  /** Releases the parsed body, which can need more memory than its bytes, while the provider responds. */
  const forgetValue: RequestHandler = (req, _res, next) => {
    bytesOf(req);
    bodyOf.forget(req);
    next();
  };
  const path = format.route.replace('/v1', '');
  router.post(
    path,
    limitRequests({ limits: parts.limits }),
    bufferBody(BODY_LIMIT),
    requireModel((req) => askedOf(req).model),
    rejectDetours(format.members, bodyOf),
    requireFunctions((req) => askedOf(req).toolNames),
    reserveTokens(tokens),
    forgetValue,
    serveModel({ format, bytesOf, askedOf }, parts),
  );
  router.all(path, rejectMethod('POST'));
}

/** Creates middleware that reserves model tokens for the request, which `limitRequests()` has admitted. */
function reserveTokens(tokensOf: (req: Request) => number): RequestHandler {
  // As a guard, because guards record audit events of rejected requests.
  const reserve = requireClaims(async (_claims, req) => {
    const admission = admissionOf(req);
    await admission.reserve(tokensOf(req));
    req.res?.set(admission.headers);
    return true;
  });
  return function reserveModelTokens(req, res, next) {
    reserve(req, res, (failure?: unknown) => {
      if (!isResponseFinished(res)) next(failure);
      // A client that has disconnected needs no response, and no provider has received its request.
      else if (failure === undefined) void admissionOf(req).settle({ tokens: 0 });
    });
  };
}
