import express, { type Request, type Response, type Router } from 'express';
import {
  AccessDeniedError,
  type ApiKeyRegistry,
  admissionOf,
  InvalidRequestError,
  type Limits,
  limitRequests,
  type ModelConfiguration,
  requireScope,
  requireType,
  verifiedToken,
} from 'passport-jwe';
import { completeByEcho, countTokens, readChatRequest } from '../echo-model.js';

/** The models of the caller's API key, in the wire format of OpenAI. */
export function modelRoutes(apiKeys: ApiKeyRegistry, limits: Limits): Router {
  const router = express.Router();
  router.use('/v1', requireScope('execute:models'), requireType('tiered_model_exec'));

  router.get('/v1/models', limitRequests({ limits }), (req, res) => {
    const { allowed_models: models } = verifiedToken(req, 'tiered_model_exec').claims;
    res.json({ object: 'list', data: models.map((id) => ({ id, object: 'model', owned_by: 'gateway' })) });
  });

  /** What is asked may be answered at full length; what was not used is given back. */
  const reserve = limitRequests({
    limits,
    tokens: (req) => {
      const chat = readChatRequest(req.body);
      return countTokens(chat.texts) + findModel(req, chat.model, apiKeys).maxTokens;
    },
  });
  const complete = async (req: Request, res: Response): Promise<void> => {
    const chat = readChatRequest(req.body);
    const completion = completeByEcho(chat, findModel(req, chat.model, apiKeys).maxTokens);
    await admissionOf(req).settle({ tokens: completion.usage.total_tokens });
    res.json(completion);
  };
  router.post('/v1/chat/completions', express.json({ limit: '1mb' }), reserve, (req, res, next) => {
    complete(req, res).catch(next);
  });

  return router;
}

/** The token says which models are allowed, the configuration how they are reached. */
function findModel(req: Request, name: string, apiKeys: ApiKeyRegistry): ModelConfiguration {
  const { allowed_models: allowed, client_id: keyId } = verifiedToken(req, 'tiered_model_exec').claims;
  const model = apiKeys.get(keyId)?.models.find((candidate) => candidate.name === name);
  if (!allowed.includes(name) || model === undefined)
    throw new AccessDeniedError('This model is not open to you');
  if (model.endpoint !== 'echo:') {
    throw new InvalidRequestError('This gateway serves models with the endpoint echo: only');
  }
  return model;
}
