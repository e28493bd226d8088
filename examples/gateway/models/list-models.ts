import type { Request, RequestHandler } from 'express';
import { verifiedToken } from 'passport-jwe';
import type { ApiKeyRegistry } from 'passport-jwe/api-keys';
import { findModel, modelNamesOf } from './find-model.js';

/** Creation time of all models. Clients expect a time, but the gateway does not know it. */
const CREATED = 0;

/** Creates a handler that lists the models of a token, in a format for OpenAI's and Anthropic's clients. */
export function listModels(apiKeys: Pick<ApiKeyRegistry, 'get'>): RequestHandler {
  return function answerModelList(req, res) {
    const ids = modelNamesOf(verifiedToken(req), apiKeys);
    const data = ids.map(describeModel);
    const page = { has_more: false, first_id: ids[0] ?? null, last_id: ids.at(-1) ?? null };
    res.json({ object: 'list', data, ...page, ...catalogFor(req) });
  };
}

/** Creates a handler that returns one model of a token, or 404. */
export function showModel(apiKeys: Pick<ApiKeyRegistry, 'get'>): RequestHandler {
  return function answerModel(req, res) {
    const model = findModel(verifiedToken(req), req.params['id'], apiKeys);
    res.json(describeModel(model.name));
  };
}

/** Returns an empty catalog for Codex, which requires this member and sends its version. Its presets remain in use. */
function catalogFor({ query }: Request): { readonly models?: readonly [] } {
  return query['client_version'] === undefined ? {} : { models: [] };
}

function describeModel(id: string) {
  return {
    id,
    ...{ object: 'model', created: CREATED, owned_by: 'gateway' },
    ...{ type: 'model', display_name: id, created_at: new Date(CREATED * 1000).toISOString() },
  };
}
