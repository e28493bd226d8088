import express, { type Request, type Router } from 'express';
import type { HealthReport } from '../health/health-report.js';

/** Checks that a probe can exclude. Their failures affect all instances with the same store. */
const SHARED_CHECKS = new Set(['stores', 'revocations']);

/**
 * Creates routes for liveness and readiness probes, which are neither counted nor logged. The query parameter `exclude`
 * lists checks of the shared store that do not affect the status, as in `/readyz` of Kubernetes.
 */
export function healthRoutes(report: () => HealthReport): Router {
  const router = express.Router();
  router.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/readyz', (req, res) => {
    const { checks, details, warnings } = report();
    const excluded = excludedChecks(req);
    const isReady = Object.entries(checks).every(([name, isWell]) => isWell || excluded.has(name));
    res
      .status(isReady ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json({
        status: isReady ? 'ok' : 'unavailable',
        checks,
        ...(details.length > 0 ? { details } : {}),
        ...(isReady && warnings.length > 0 ? { warnings } : {}),
      });
  });
  return router;
}

function excludedChecks({ query }: Request): ReadonlySet<string> {
  const names = [query['exclude']]
    .flat()
    .flatMap((value) => (typeof value === 'string' ? value.split(',') : []));
  return new Set(names.filter((name) => SHARED_CHECKS.has(name)));
}
