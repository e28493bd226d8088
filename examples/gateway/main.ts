import { createAuditTrail, pinoSink } from 'passport-jwe';
import { pino } from 'pino';
import { startGateway } from './gateway.js';
import { readSettings } from './settings.js';

/** The log goes to standard error, so that what is meant for people stays readable. */
const logger = pino({ name: 'gateway' }, pino.destination(2));

try {
  const audit = createAuditTrail({ sinks: [pinoSink(logger)] });
  const gateway = await startGateway(readSettings(process.env), audit);
  console.log(`passport-jwe gateway on ${gateway.origin}`);
  if (gateway.demoApiKey !== undefined) console.log(usage(gateway.origin, gateway.demoApiKey));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      gateway.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    });
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function usage(origin: string, apiKey: string): string {
  return `
Exchange the demo API key for a token that nobody else can read, and use it:

TOKEN=$(curl -fsS ${origin}/oauth/token -H 'X-API-Key: ${apiKey}' -d grant_type=client_credentials | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/') && curl -fsS ${origin}/documents -H "Authorization: Bearer $TOKEN"
`;
}
