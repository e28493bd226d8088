import type { RequestHandler } from 'express';
import { verifiedToken } from 'passport-jwe';
import type { ApiKeyRegistry } from 'passport-jwe/api-keys';
import { findModel, modelsOf } from './find-model.js';

/** When models came to be is nobody's business here; clients want to see a time all the same. */
const CREATED = 0;

/** The models that a token may use, as clients of OpenAI and of Anthropic read a list. */
export function listModels(apiKeys: Pick<ApiKeyRegistry, 'get'>): RequestHandler {
  return function answerModelList(req, res) {
    const ids = [...modelsOf(verifiedToken(req), apiKeys).keys()];
    const data = ids.map(describeModel);
    const page = { has_more: false, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null };
    res.json({ object: 'list', data, ...page });
  };
}

/** One model; 404 for one that is not among them. */
export function showModel(apiKeys: Pick<ApiKeyRegistry, 'get'>): RequestHandler {
  return function answerModel(req, res) {
    const model = findModel(modelsOf(verifiedToken(req), apiKeys), req.params['id']);
    res.json(describeModel(model.name));
  };
}

function describeModel(id: string) {
  return {
    id,
    ...{ object: 'model', created: CREATED, owned_by: 'gateway' },
    ...{ type: 'model', display_name: id, created_at: new Date(CREATED * 1000).toISOString() },
  };
}
