import { randomBytes } from 'node:crypto';
import express from 'express';
import { authenticate, createKeyRing, createTokenIssuer, requireScope, verifiedToken } from 'passport-jwe';

const issuer = 'https://auth.example.com';
const audience = 'https://api.example.com';
const keyRing = await createKeyRing({ current: { secret: randomBytes(32) } }); // in production { env: 'JWE_KEY' }

const app = express();
app.use(authenticate({ keyRing, issuer, audience }));
app.get('/documents', requireScope('read:documents'), (req, res) => {
  res.json({ documents: [], for: verifiedToken(req).claims.sub });
});

const { token } = await createTokenIssuer({ keyRing, issuer, audience }).issue({
  subject: 'alice',
  scope: 'read:documents',
  lifetime: '1h',
});

const server = app.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/documents`;
  console.log(`# Press Ctrl+C to stop. In a second terminal:\nTOKEN=${token}`);
  console.log(`curl -i ${url} -H "Authorization: Bearer $TOKEN"   # 200`);
  console.log(`curl -i ${url} -H "Authorization: Bearer x$TOKEN"  # 401`);
});
