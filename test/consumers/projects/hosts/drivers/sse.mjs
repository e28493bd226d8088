import '../sse.mjs';
import { createKeyRing } from 'passport-jwe';
import { createTestClock, mintToken } from 'passport-jwe/testing';

const keyRing = await createKeyRing({ current: { env: 'JWE_KEY' } });
const origin = { keyRing, issuer: 'https://auth.example.com', audience: 'https://api.example.com' };

/** A token that was issued 62 s ago for 60 s: the clock tolerance of 5 s leaves it 3 s. */
const mintExpiring = () =>
  mintToken({ ...origin, lifetime: 60, clock: createTestClock(Date.now() / 1000 - 62) });

const get = (path, headers) => fetch(`http://127.0.0.1:${process.env.PORT}${path}`, { headers });
const bearer = (token) => ({ authorization: `Bearer ${token}` });

/** Reads a stream to its end. */
async function eventsOf(response) {
  const text = await response.text();
  const events = text.split('\n\n').filter((event) => event !== '');
  return events.map((event) => event.replace(/^event: (.*)\ndata: /, '$1 '));
}

const token = await mintExpiring();
const [notifications, progress] = await Promise.all([
  get('/notifications', { cookie: `token=${token}` }).then(eventsOf),
  get('/exports/7/progress', bearer(token)).then(eventsOf),
]);
const { status } = await get('/notifications', { cookie: `token=${token}` });
console.log(JSON.stringify({ notifications, progress, 'connecting again': status }));
process.exit();
