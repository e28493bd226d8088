import express, { type Router } from 'express';
import { requireMaxAge, requireProof, requireScope, type WatchedApiKeys } from 'passport-jwe';

/** Creates a route that returns the configuration and all file problems, without secrets. Tokens must be recent. */
export function adminRoutes(apiKeys: WatchedApiKeys): Router {
  const router = express.Router();
  router.get(
    '/admin/configurations',
    requireProof(),
    requireScope('admin:configurations'),
    requireMaxAge(300),
    (_req, res) => {
      const configurations = apiKeys.apiKeys.map((apiKey) => ({
        key_id: apiKey.keyId,
        name: apiKey.name,
        type: apiKey.type,
        active: apiKey.active,
        permissions: apiKey.permissions,
        models: apiKey.models.map((model) => model.name),
        rate_limits: apiKey.rateLimits,
      }));
      res.json({ configurations, problems: apiKeys.state.error?.problems ?? [] });
    },
  );
  return router;
}
