import { createAuditTrail } from 'passport-jwe';
import { pinoSink } from 'passport-jwe/audit';
import { startGateway } from './gateway.js';
import { createMetrics } from './observability/metrics.js';
import { createLogger } from './observability/request-log.js';
import { loadTracing } from './observability/tracing.js';
import { watchUse } from './observability/watch-use.js';
import { readSettings } from './settings.js';

const logger = createLogger();

try {
  const metrics = createMetrics();
  const monitor = watchUse(logger, metrics.registry);
  const audit = createAuditTrail({
    sinks: [pinoSink(logger), metrics.sink, monitor],
    onSinkError(err) {
      metrics.onSinkError();
      logger.error({ err }, 'an audit sink failed, so its audit log is incomplete');
    },
  });
  const observers = { logger, metrics, tracing: await loadTracing() };
  const gateway = await startGateway(readSettings(process.env), audit, observers);
  console.log(`passport-jwe gateway on ${gateway.origin}`);
  if (gateway.metricsOrigin !== undefined) console.log(`Metrics on ${gateway.metricsOrigin}/metrics`);
  if (gateway.demoApiKey !== undefined) console.log(usage(gateway.origin, gateway.demoApiKey));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      gateway
        .close()
        .finally(() => audit.flush())
        .then(
          () => process.exit(0),
          (err: unknown) => {
            logger.error({ err }, 'some resources could not be closed at shutdown');
            process.exit(1);
          },
        );
    });
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function usage(origin: string, apiKey: string): string {
  return `
Exchange the demo API key for an encrypted token, and use it:

TOKEN=$(curl -fsS ${origin}/oauth/token -H 'X-API-Key: ${apiKey}' -d grant_type=client_credentials | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/') && curl -fsS ${origin}/documents -H "Authorization: Bearer $TOKEN"
`;
}
