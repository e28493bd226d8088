import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import '../websocket.mjs';
import { createKeyRing } from 'passport-jwe';
import { createTestClock, mintToken } from 'passport-jwe/testing';
import { WebSocket } from 'ws';

const URL = `ws://127.0.0.1:${process.env.PORT}`;
const PROTOCOL = 'chat.example.com';

const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } });
const origin = { keyRing, issuer: 'https://auth.example.com', audience: 'https://api.example.com' };
const mint = (options) => mintToken({ ...origin, scope: 'read:documents', ...options });

const valid = await mint();
const invalid = await mint({ audience: 'https://other.example.com' });
const unscoped = await mint({ scope: [] });

/** Opens a connection, and returns its first message or the rejection. */
async function open(protocols, options) {
  const webSocket = new WebSocket(URL, protocols, options);
  const rejected = once(webSocket, 'unexpected-response').then(([, res]) => {
    res.resume();
    return { status: res.statusCode, challenge: res.headers['www-authenticate'] };
  });
  const opened = once(webSocket, 'message').then(([data]) => ({
    message: data.toString(),
    protocol: webSocket.protocol,
  }));
  webSocket.on('error', () => {});
  for (const each of [rejected, opened]) each.catch(() => {});
  const result = await Promise.race([rejected, opened]);
  return { webSocket, result };
}

async function resultOf(protocols, options) {
  const { webSocket, result } = await open(protocols, options);
  webSocket.terminate();
  return result;
}

const rows = {
  header: await resultOf([], { headers: { authorization: `Bearer ${valid}` } }),
  subprotocol: await resultOf([PROTOCOL, valid]),
  cookie: await resultOf([], { origin: 'https://app.example.com', headers: { cookie: `token=${valid}` } }),
  'other origin': await resultOf([], {
    origin: 'https://evil.example.com',
    headers: { cookie: `token=${valid}` },
  }),
  'no token': await resultOf([]),
  'invalid token': await resultOf([PROTOCOL, invalid]),
  'missing scope': await resultOf([PROTOCOL, unscoped]),
};

// Issued 62 s ago for 60 s: the clock tolerance of 5 s leaves it 3 s.
const expiring = await mint({ clock: createTestClock(Date.now() / 1000 - 62), lifetime: 60 });
const { webSocket, result } = await open([PROTOCOL, expiring]);
const [code, reason] = await once(webSocket, 'close');
rows['token that expires'] = { ...result, code, reason: reason.toString() };

const staying = await open([PROTOCOL, valid]);
await sleep(3 * Number(process.env.CHECK_MS));
rows['token that stays valid'] = { open: staying.webSocket.readyState === WebSocket.OPEN };

console.log(JSON.stringify(rows));
process.exit();
