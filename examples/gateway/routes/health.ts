import express, { type Router } from 'express';

/**
 * Whether the process lives, and whether it should be sent requests. Neither is counted or logged.
 * @param findWarnings what operators should know, though it does not make the gateway unready.
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
