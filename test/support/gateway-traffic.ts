import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { type Received, type SentRequest, sendRequest } from '../../examples/gateway/drills/send-request.js';

/** Share of each kind of request in percent. `revoke` issues a token and revokes it, with two requests. */
const SHARES = { chat: 60, stream: 15, exchange: 10, revoked: 9, refresh: 5, revoke: 1 } as const;

type Kind = keyof typeof SHARES;

/** Number of tokens, revoked tokens and sessions in use. */
const HELD = 50;

const TICK_MS = 10;

/** Maximum number of connections, fewer than the backlog of the listener. Further requests wait for one. */
const CONNECTIONS = 256;

/** Time in milliseconds after which an idle connection closes, below the keep-alive timeout of the gateway. */
const IDLE_TIMEOUT_MS = 30_000;

const CHAT = { model: 'small-1', messages: [{ role: 'user', content: 'Name the capital of France.' }] };

/** Results of the traffic. Durations are in milliseconds. */
export interface TrafficReport {
  readonly sent: number;
  readonly seconds: number;
  readonly answers: Readonly<Record<Kind, number>>;
  /** Unexpected statuses, incomplete streams and connection errors. */
  readonly failures: readonly string[];
  readonly median: number;
  readonly p99: number;
}

interface Target {
  readonly origin: string;
  readonly apiKey: string;
  /** Requests per second. They start on schedule, even if earlier ones have no response yet. */
  readonly rate: number;
}

/** Send a mix of requests to a gateway at a fixed rate, over persistent connections and without retries. */
export class GatewayTraffic {
  readonly #target: Target;
  readonly #agent = new Agent({ keepAlive: true, timeout: IDLE_TIMEOUT_MS, maxSockets: CONNECTIONS });
  readonly #tokens: string[] = [];
  readonly #revoked: string[] = [];
  readonly #refreshTokens: string[] = [];
  readonly #order = orderOf(SHARES);
  readonly #answers = { chat: 0, stream: 0, exchange: 0, revoked: 0, refresh: 0, revoke: 0 };
  readonly #failures: string[] = [];
  readonly #durations: number[] = [];
  #sent = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * Obtain tokens and sessions.
   *
   * @param cachedTokens number of tokens to use once, so that the gateway has them in its cache
   */
  async prepare(cachedTokens: number): Promise<void> {
    const use = async () => {
      const { access_token } = await this.#issue({});
      await this.#chat('chat', access_token ?? '');
    };
    // At the rate of the traffic, with two requests for each token: a burst would leave a larger heap.
    await startAtRate(this.#target.rate / 2, cachedTokens, use);
    for (let count = 0; count < HELD; count += 1) {
      await this.#exchange();
      await this.#revoke();
      const { refresh_token } = await this.#issue({ scope: 'execute:models offline_access' });
      if (refresh_token !== undefined) this.#refreshTokens.push(refresh_token);
    }
  }

  async run(seconds: number): Promise<TrafficReport> {
    const { rate } = this.#target;
    const began = performance.now();
    this.#sent = 0;
    await startAtRate(rate, rate * seconds, (index) =>
      this.#start(this.#order[index % this.#order.length] ?? 'chat'),
    );
    const elapsed = (performance.now() - began) / 1000;
    this.#agent.destroy();
    const sorted = Float64Array.from(this.#durations).sort();
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
    return {
      ...{ sent: this.#sent, seconds: elapsed, answers: this.#answers, failures: this.#failures },
      ...{ median: at(0.5), p99: at(0.99) },
    };
  }

  async #start(kind: Kind): Promise<void> {
    const began = performance.now();
    const isExpected = await this.#perform(kind);
    this.#durations.push(performance.now() - began);
    if (isExpected) this.#answers[kind] += 1;
  }

  #perform(kind: Kind): Promise<boolean> {
    if (kind === 'exchange') return this.#exchange();
    if (kind === 'refresh') return this.#refresh();
    if (kind === 'revoke') return this.#revoke();
    const held = kind === 'revoked' ? this.#revoked : this.#tokens;
    const token = held[this.#sent % held.length] ?? '';
    return this.#chat(kind, token);
  }

  async #chat(kind: Kind, token: string): Promise<boolean> {
    const isStream = kind === 'stream';
    const headers = {
      ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(isStream && { accept: 'text/event-stream' }),
    };
    const body = JSON.stringify({ ...CHAT, stream: isStream });
    const received = await this.#send('/v1/chat/completions', { method: 'POST', headers, body });
    const isExpected =
      received.status === (kind === 'revoked' ? 401 : 200) &&
      (!isStream || received.text.endsWith('data: [DONE]\n\n'));
    return this.#check(kind, received, isExpected);
  }

  async #exchange(): Promise<boolean> {
    const { access_token } = await this.#issue({});
    if (access_token === undefined) return false;
    this.#tokens.push(access_token);
    if (this.#tokens.length > HELD) this.#tokens.shift();
    return true;
  }

  async #refresh(): Promise<boolean> {
    const refreshToken = this.#refreshTokens.shift();
    if (refreshToken === undefined) return this.#exchange(); // all sessions are in use
    const { refresh_token } = await this.#issue({ grant_type: 'refresh_token', refresh_token: refreshToken });
    if (refresh_token !== undefined) this.#refreshTokens.push(refresh_token);
    return refresh_token !== undefined;
  }

  async #revoke(): Promise<boolean> {
    const { access_token } = await this.#issue({});
    if (access_token === undefined) return false;
    const received = await this.#post('/oauth/revoke', { token: access_token });
    this.#revoked.push(access_token);
    if (this.#revoked.length > HELD) this.#revoked.shift();
    return this.#check('revoke', received, received.status === 200);
  }

  async #issue(parameters: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
    const received = await this.#post('/oauth/token', { grant_type: 'client_credentials', ...parameters });
    return this.#check('exchange', received, received.status === 200) ? JSON.parse(received.text) : {};
  }

  #post(path: string, parameters: Readonly<Record<string, string>>): Promise<Received> {
    const headers = {
      ...{ 'x-api-key': this.#target.apiKey, 'content-type': 'application/x-www-form-urlencoded' },
    };
    return this.#send(path, { method: 'POST', headers, body: String(new URLSearchParams(parameters)) });
  }

  #send(path: string, sent: Omit<SentRequest, 'agent'>): Promise<Received> {
    this.#sent += 1;
    return sendRequest(this.#target.origin + path, { agent: this.#agent, ...sent });
  }

  #check(kind: Kind, { status, text, error }: Received, isExpected: boolean): boolean {
    if (isExpected && error === undefined) return true;
    return this.#fail(`${kind}: ${error ?? ''} ${status} ${text.slice(0, 200)}`);
  }

  #fail(failure: string): false {
    this.#failures.push(failure);
    return false;
  }
}

/** Starts work at a fixed rate per second, and waits for all of it. */
async function startAtRate(
  rate: number,
  count: number,
  work: (index: number) => Promise<unknown>,
): Promise<void> {
  const began = performance.now();
  const pending = new Set<Promise<unknown>>();
  for (let started = 0; started < count; await pause(TICK_MS)) {
    const due = Math.min(count, ((performance.now() - began) / 1000) * rate);
    for (; started < due; started += 1) {
      const each = work(started).finally(() => pending.delete(each));
      pending.add(each);
    }
  }
  await Promise.all(pending);
}

/** A hundred kinds, each as often as its share and evenly spread. */
function orderOf(shares: Readonly<Record<Kind, number>>): readonly Kind[] {
  const kinds: readonly Kind[] = ['chat', 'stream', 'exchange', 'revoked', 'refresh', 'revoke'];
  return kinds
    .flatMap((kind) =>
      Array.from({ length: shares[kind] }, (_, n) => ({ kind, at: (n + 0.5) / shares[kind] })),
    )
    .sort((one, other) => one.at - other.at)
    .map(({ kind }) => kind);
}
