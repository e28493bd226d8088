import type { Cluster } from './cluster.js';
import { addressesIn, type GatewayAnswer, GatewayClient } from './gateway-client.js';

/** API key of the honest clients, and its file. The limits fit the load. */
export const HONEST_KEY = 'sk-honest-0123456789abcdef';
export const HONEST_FILE = describeApiKey('honest', HONEST_KEY);

const INTERVAL_MS = 50;
/** Number of refresh token families. They are refreshed in turn. */
const FAMILIES = 8;
/** Number of kinds of requests: a use, an exchange, a use and a refresh. */
const KINDS = 4;
/** Maximum number of requests at a time. A slow machine sends less. */
const MAX_PENDING = 4;
const SESSION = { scope: 'read:documents offline_access' };

/** Result of the load. */
export interface LoadReport {
  readonly sent: number;
  readonly failures: readonly string[];
}

/** Rejected tokens after a drill. */
export interface TokenReport {
  readonly used: number;
  readonly rejected: readonly string[];
}

/**
 * Honest clients: they exchange an API key, use tokens and refresh them at a steady rate, through a load balancer that
 * knows the gateways in rotation.
 */
export class Load {
  readonly #client = new GatewayClient(addressesIn('198.51.100'));
  readonly #cluster: Pick<Cluster, 'origins' | 'onEnd'>;
  readonly #tokens: string[] = [];
  readonly #refreshTokens: string[] = [];
  readonly #failures: string[] = [];
  readonly #pending = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #turn = 0;
  #sent = 0;

  private constructor(cluster: Pick<Cluster, 'origins' | 'onEnd'>) {
    this.#cluster = cluster;
  }

  /** Obtains tokens, and begins to send requests. */
  static async start(cluster: Pick<Cluster, 'origins' | 'onEnd'>): Promise<Load> {
    const load = new Load(cluster);
    for (let family = 0; family < FAMILIES; family += 1) await load.#exchange(SESSION);
    load.#timer = setInterval(() => load.#tick(), INTERVAL_MS);
    cluster.onEnd(() => load.stop());
    return load;
  }

  /** Resolves once the clients have sent a number of further requests. */
  async requests(count: number): Promise<void> {
    const enough = this.#sent + count;
    while (this.#sent < enough) await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }

  /** Stops sending, and waits for the responses. */
  async stop(): Promise<LoadReport> {
    clearInterval(this.#timer);
    await Promise.all(this.#pending);
    return { sent: this.#sent, failures: this.#failures };
  }

  /** Uses every token of the load with every gateway. Call it after `stop()`. */
  async useAll(): Promise<TokenReport> {
    const rejected: string[] = [];
    let used = 0;
    const use = async (kind: string, send: () => Promise<GatewayAnswer>): Promise<void> => {
      const { status, text } = await send();
      used += 1;
      if (status !== 200) rejected.push(`${kind}: ${status} ${text.slice(0, 200)}`);
    };
    for (const origin of this.#cluster.origins()) {
      for (const token of this.#tokens)
        await use('access token', () => this.#client.getDocuments(origin, token));
      for (const [index, token] of this.#refreshTokens.entries()) {
        await use('refresh token', async () => {
          const answer = await this.#client.refresh(origin, HONEST_KEY, token);
          this.#refreshTokens[index] = answer.refreshToken ?? token;
          return answer;
        });
      }
    }
    return { used, rejected };
  }

  #tick(): void {
    if (this.#pending.size >= MAX_PENDING) return;
    const kinds = [() => this.#use(), () => this.#exchange(), () => this.#use(), () => this.#refresh()];
    const work = (kinds[this.#turn % KINDS] ?? (() => this.#use()))().finally(
      () => void this.#pending.delete(work),
    );
    this.#turn += 1;
    this.#pending.add(work);
  }

  /** Uses the newest token and earlier ones in turn. */
  async #use(): Promise<void> {
    const { length } = this.#tokens;
    const token = this.#tokens[this.#sent % 2 === 0 ? length - 1 : (this.#sent * 7) % length] ?? '';
    this.#note('use', await this.#client.getDocuments(this.#nextOrigin(), token));
  }

  async #exchange(parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    const answer = await this.#client.exchange(this.#nextOrigin(), HONEST_KEY, parameters);
    this.#note('exchange', answer);
    if (answer.accessToken !== undefined) this.#tokens.push(answer.accessToken);
    if (answer.refreshToken !== undefined) this.#refreshTokens.push(answer.refreshToken);
  }

  /** Takes the refresh token out of the list, because two requests must not use it. */
  async #refresh(): Promise<void> {
    const refreshToken = this.#refreshTokens.shift();
    if (refreshToken === undefined) return this.#use(); // each one is in use
    const answer = await this.#client.refresh(this.#nextOrigin(), HONEST_KEY, refreshToken);
    this.#note('refresh', answer);
    if (answer.accessToken !== undefined) this.#tokens.push(answer.accessToken);
    if (answer.refreshToken !== undefined) this.#refreshTokens.push(answer.refreshToken);
  }

  /** Returns each origin for each kind of request in turn, so that tokens reach gateways that have not issued them. */
  #nextOrigin(): string {
    const origins = this.#cluster.origins();
    const origin = origins[(this.#sent + Math.floor(this.#sent / KINDS)) % origins.length] ?? '';
    this.#sent += 1;
    return origin;
  }

  #note(kind: string, { status, text }: GatewayAnswer): void {
    if (status !== 200) this.#failures.push(`${kind}: ${status} ${text.slice(0, 200)}`);
  }
}

/**
 * Returns the file of an API key with limits that no drill reaches.
 *
 * @param fields further lines.
 */
export function describeApiKey(keyId: string, apiKey: string, fields: readonly string[] = []): string {
  return `api_key: ${apiKey}
key_id: "${keyId}"
name: ${keyId}
type: api_call
active: true
permissions: [read:documents]
token_ttl: 3600
rate_limits: { requests_per_minute: 1000000, requests_per_hour: 10000000, concurrent_requests: 1000 }
${fields.map((line) => `${line}\n`).join('')}`;
}
