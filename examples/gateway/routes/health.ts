import express, { type Router } from 'express';

/**
 * Creates routes for liveness and readiness probes, which are neither counted nor logged.
 *
 * @param findWarnings returns warnings for operators, which do not affect readiness.
 */
export function healthRoutes(
  isReady: () => Readonly<Record<string, boolean>>,
  findWarnings: () => readonly string[] = () => [],
): Router {
  const router = express.Router();
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', (_req, res) => {
    const checks = isReady();
    const isWell = Object.values(checks).every(Boolean);
    const warnings = isWell ? findWarnings() : [];
    res
      .status(isWell ? 200 : 503)
      .json({ status: isWell ? 'ok' : 'unavailable', checks, ...(warnings.length > 0 ? { warnings } : {}) });
  });
  return router;
}
