/** Usage: npm run mcp [-- people | services] */
import { generateKeyPairSync, randomBytes } from 'node:crypto';

const [name = 'people'] = process.argv.slice(2);
const port = Number(process.env['PORT'] ?? 3000);

if (name === 'people') {
  const { startForPeople } = await import('./people.js');
  console.log(`MCP endpoint: ${await startForPeople(port)}`);
  console.log('Add this URL to an MCP client, and sign in with any name and password.');
} else if (name === 'services') {
  const { startForServices } = await import('./services.js');
  const secret = process.env['ROBOT_SECRET'] ?? randomBytes(24).toString('base64url');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'signer-1' };
  const jwks = process.env['SIGNER_JWKS'] ?? JSON.stringify({ keys: [jwk] });
  const { issuer, notes, archive, directory } = await startForServices(port, { secret, jwks });
  console.log(`API keys: ${directory}`);
  console.log(`Token endpoint: ${issuer}/oauth/token, client robot, secret ${secret}`);
  console.log(`MCP endpoints: ${notes} ${archive}`);
} else {
  console.error(`Unknown variant ${JSON.stringify(name)}; expected one of: people, services`);
  process.exitCode = 2;
}
