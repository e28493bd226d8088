import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import {
  authenticate,
  createKeyRing,
  createRequestVerifier,
  isResponseFinished,
  onResponseFinished,
  verifiedToken,
} from 'passport-jwe';

const CHECK_MS = Number(process.env.CHECK_MS ?? 30_000);

const options = {
  keyRing: await createKeyRing({ current: { env: 'JWE_KEY' } }), // openssl rand -hex 32
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  tokenLocations: { cookie: 'token' },
};
const verifyRequest = createRequestVerifier(options);

const app = express();
app.use(authenticate(options));

// Lasts as long as the page is open, so it ends with the token.
app.get('/notifications', (req, res) => {
  startStream(res);
  endWithToken(req, res);
  send(res, 'hello', { sub: verifiedToken(req).claims.sub });
});

// Lasts as long as one job, which the token authorized at its start. It continues to the end of the job.
app.get('/exports/7/progress', async (_req, res) => {
  startStream(res);
  for await (const percent of exportDocuments()) send(res, 'progress', { percent });
  res.end();
});

app.listen(process.env.PORT ?? 3000);

function startStream(res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
}

function send(res, event, data) {
  if (!isResponseFinished(res)) res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** End the response once the token has expired or was revoked. An outage (503) does not end it. */
function endWithToken(req, res) {
  const check = () =>
    verifyRequest(req).catch(({ status, error }) => {
      if (status === 503) return;
      send(res, 'unauthorized', { error });
      res.end();
    });
  const timer = setInterval(check, CHECK_MS);
  onResponseFinished(res, () => clearInterval(timer));
}

/** A job of the application, with its progress. */
async function* exportDocuments() {
  for (const percent of [0, 50, 100]) {
    yield percent;
    await sleep(1_500);
  }
}
