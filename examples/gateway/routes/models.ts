import express, { type Request, type Response, type Router } from 'express';
import {
  AccessDeniedError,
  type ApiKeyRegistry,
  InvalidRequestError,
  type ModelConfiguration,
  requireScope,
  requireType,
  verifiedToken,
} from 'passport-jwe';
import { completeByEcho, readChatRequest } from '../echo-model.js';

/** The models of the caller's API key, in the wire format of OpenAI. */
export function modelRoutes(apiKeys: ApiKeyRegistry): Router {
  const router = express.Router();
  router.use('/v1', requireScope('execute:models'), requireType('tiered_model_exec'));

  router.get('/v1/models', (req, res) => {
    const { allowed_models: models } = verifiedToken(req, 'tiered_model_exec').claims;
    res.json({ object: 'list', data: models.map((id) => ({ id, object: 'model', owned_by: 'gateway' })) });
  });

  router.post('/v1/chat/completions', express.json({ limit: '1mb' }), (req: Request, res: Response) => {
    const chat = readChatRequest(req.body);
    const model = findModel(req, chat.model, apiKeys);
    if (model.endpoint !== 'echo:') {
      throw new InvalidRequestError('This gateway serves models with the endpoint echo: only');
    }
    res.json(completeByEcho(chat, model.maxTokens));
  });

  return router;
}

/** The token says which models are allowed, the configuration how they are reached. */
function findModel(req: Request, name: string, apiKeys: ApiKeyRegistry): ModelConfiguration {
  const { allowed_models: allowed, client_id: keyId } = verifiedToken(req, 'tiered_model_exec').claims;
  const model = apiKeys.get(keyId)?.models.find((candidate) => candidate.name === name);
  if (!allowed.includes(name) || model === undefined)
    throw new AccessDeniedError('This model is not open to you');
  return model;
}
