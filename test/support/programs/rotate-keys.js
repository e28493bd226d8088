import { createServer } from 'node:http';
import { createTokenIssuer, createTokenVerifier, fileKeySource, openKeyRing } from 'passport-jwe';

// Issues and verifies on one key file, which it reloads and rotates often; the address goes to standard output.
const AUDIENCE = 'https://api.example.com';
const keyRing = await openKeyRing({
  source: fileKeySource({ file: process.argv[2] }),
  reloadSeconds: 0.1,
  pendingSeconds: 0.6,
  rotateEverySeconds: 1,
  maxTokenLifetimeSeconds: 3,
});
const issuer = createTokenIssuer({ keyRing, issuer: 'https://auth.example.com' });
const verifier = createTokenVerifier({ keyRing, issuer: 'https://auth.example.com', audience: AUDIENCE });

const answer = async (method, body) => {
  if (method === 'GET') return { current: keyRing.current };
  if (body !== '') return { type: (await verifier.verify(body)).type };
  return issuer.issue({
    type: 'service',
    subject: 's',
    clientId: 's',
    audience: AUDIENCE,
    scope: [],
    lifetime: 3,
    claims: {},
  });
};

const server = createServer(async (req, res) => {
  let body = '';
  for await (const chunk of req) body += chunk;
  answer(req.method, body).then(
    (result) => res.end(JSON.stringify(result)),
    (error) =>
      res.writeHead(error.status ?? 500).end(JSON.stringify({ reason: error.reason ?? String(error) })),
  );
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
