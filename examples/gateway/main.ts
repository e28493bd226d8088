import { pinoSink } from 'passport-jwe/audit';
import { startGateway } from './gateway.js';
import { setMemoryGrowth } from './models/collect-garbage.js';
import { createMetrics } from './observability/metrics.js';
import { createLogger } from './observability/request-log.js';
import { loadTracing } from './observability/tracing.js';
import { watchUse } from './observability/watch-use.js';
import { openAudit } from './open-audit.js';
import { runOption } from './settings/run-option.js';
import { suggestNames } from './settings/suggest-names.js';
import { readSettings } from './settings.js';

try {
  const result = runOption(process.argv.slice(2), process.env);
  if (result === undefined) await run();
  else {
    for (const warning of result.warnings) console.error(`Warning: ${warning}`);
    console.log(result.output);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function run(): Promise<void> {
  setMemoryGrowth();
  const settings = readSettings(process.env);
  const logger = createLogger(undefined, settings.logLevel);
  for (const warning of suggestNames(process.env)) logger.warn(warning);
  const metrics = createMetrics();
  const monitor = watchUse(logger, metrics.registry);
  const sinks = [pinoSink(logger), metrics.sink, monitor];
  const trail = await openAudit(settings, sinks, { logger, metrics });
  const observers = { logger, metrics, tracing: await loadTracing() };
  const gateway = await startGateway(settings, trail.audit, observers);
  console.log(`passport-jwe gateway on ${gateway.origin}`);
  if (gateway.metricsOrigin !== undefined) console.log(`Metrics on ${gateway.metricsOrigin}/metrics`);
  if (gateway.demoApiKey !== undefined) console.log(usage(gateway.origin, gateway.demoApiKey));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      gateway
        .close()
        .finally(() => trail.close())
        .then(
          () => process.exit(0),
          (err: unknown) => {
            logger.error({ err }, 'some resources could not be closed at shutdown');
            process.exit(1);
          },
        );
    });
  }
}

function usage(origin: string, apiKey: string): string {
  return `
Exchange the demo API key for an encrypted token, and use it:

TOKEN=$(curl -fsS ${origin}/oauth/token -H 'X-API-Key: ${apiKey}' -d grant_type=client_credentials | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/') && curl -fsS ${origin}/documents -H "Authorization: Bearer $TOKEN"
`;
}
