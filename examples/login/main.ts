/** Usage: npm run login [-- bearer | cookie] */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createBearerApp } from './bearer-app.js';
import { createCookieApp } from './cookie-app.js';

const [name = 'bearer'] = process.argv.slice(2);

if (name === 'bearer' || name === 'cookie') await start(name);
else {
  console.error(`Unknown variant ${JSON.stringify(name)}; expected one of: bearer, cookie`);
  process.exitCode = 2;
}

async function start(variant: 'bearer' | 'cookie'): Promise<void> {
  const server = createServer().listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  // Browsers and curl send cookies with the attribute Secure over TLS, and to localhost.
  const origin = `http://localhost:${typeof address === 'object' ? address?.port : ''}`;
  server.on('request', variant === 'bearer' ? createBearerApp() : createCookieApp(origin));
  const credentials = `-H 'Content-Type: application/json' -d '{"name":"alice","password":"correct horse battery staple"}'`;
  console.log('# Press Ctrl+C to stop. In a second terminal:');
  console.log((variant === 'bearer' ? bearerCalls : cookieCalls)(origin, credentials));
}

function bearerCalls(origin: string, credentials: string): string {
  return `TOKEN=$(curl -fsS ${origin}/sign-in ${credentials} | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')
curl -i ${origin}/documents -H "Authorization: Bearer $TOKEN"                 # 200
curl -i -X POST ${origin}/logout-everywhere -H "Authorization: Bearer $TOKEN" # 204
curl -i ${origin}/documents -H "Authorization: Bearer $TOKEN"                 # 401`;
}

function cookieCalls(origin: string, credentials: string): string {
  return `curl -i -c cookies.txt ${origin}/sign-in -H 'Origin: ${origin}' ${credentials} # 204
curl -i -b cookies.txt ${origin}/documents                                             # 200
curl -i -b cookies.txt -X POST ${origin}/logout -H 'Origin: https://evil.example'      # 403
curl -i -b cookies.txt -X POST ${origin}/logout -H 'Origin: ${origin}'                 # 204
curl -i -b cookies.txt ${origin}/documents                                             # 401`;
}
