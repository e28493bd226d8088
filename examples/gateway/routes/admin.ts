import express, { type Router } from 'express';
import { type ApiKeyRegistry, requireMaxAge, requireScope } from 'passport-jwe';

/** What is configured, without any secret; for young tokens only. */
export function adminRoutes(apiKeys: ApiKeyRegistry): Router {
  const router = express.Router();
  router.get(
    '/admin/configurations',
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
      res.json({ configurations });
    },
  );
  return router;
}
