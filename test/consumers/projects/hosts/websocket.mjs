import { createServer, ServerResponse } from 'node:http';
import { createKeyRing, createRequestVerifier } from 'passport-jwe';
import { WebSocketServer } from 'ws';

const ORIGINS = ['https://app.example.com'];
const PROTOCOL = 'chat.example.com'; // the subprotocol of the application
const CHECK_MS = Number(process.env.CHECK_MS ?? 30_000);

const verifyUpgrade = createRequestVerifier({
  keyRing: await createKeyRing({ current: { env: 'JWE_KEY' } }), // openssl rand -hex 32
  issuer: 'https://auth.example.com',
  audience: 'https://api.example.com',
  scope: 'read:documents',
  tokenLocations: { cookie: 'token', getToken: findTokenInProtocols },
});

const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => PROTOCOL });
const server = createServer((_req, res) => res.writeHead(426).end());

server.on('upgrade', async (req, socket, head) => {
  const onError = () => socket.destroy();
  socket.on('error', onError);
  try {
    if (!isAllowedOrigin(req)) return reject(req, socket, { status: 403 });
    const { claims } = await verifyUpgrade(req);
    socket.off('error', onError);
    sockets.handleUpgrade(req, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate());
      closeWithToken(webSocket, req);
      webSocket.send(`Hello ${claims.sub}`);
    });
  } catch (error) {
    reject(req, socket, error);
  }
});

server.listen(process.env.PORT ?? 3000);

/** Browsers send cookies with upgrades from every website, so check where the page comes from. */
function isAllowedOrigin({ headers: { origin } }) {
  return origin === undefined || ORIGINS.includes(origin);
}

/** `new WebSocket(url, ['chat.example.com', token])`: browsers cannot set `Authorization`. */
function findTokenInProtocols(req) {
  const [protocol, token] = req.headers['sec-websocket-protocol']?.split(/, */) ?? [];
  return protocol === PROTOCOL ? token : undefined;
}

/** Respond to the upgrade as to any other request, with the status and the challenge of the error. */
function reject(req, socket, { status = 500, headers = {} }) {
  const res = new ServerResponse(req);
  res.assignSocket(socket);
  res.on('finish', () => socket.end());
  res.writeHead(status, { ...headers, Connection: 'close' }).end();
}

/** Close the connection once the token has expired or was revoked. An outage (503) does not close it. */
function closeWithToken(webSocket, req) {
  const check = () =>
    verifyUpgrade(req).catch(({ status }) => {
      if (status !== 503) webSocket.close(3000, 'Unauthorized');
    });
  const timer = setInterval(check, CHECK_MS);
  webSocket.on('close', () => clearInterval(timer));
}
