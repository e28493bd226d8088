/** What a session ends with, for example a transport. */
export interface Closable {
  close(): Promise<void>;
}

/** Limits of a session table. */
export interface SessionLimits {
  /** Open sessions of a caller. A further session ends the one that was not used for the longest time. */
  readonly maxPerCaller: number;
  /** Milliseconds after the last request of a session, after which it ends. */
  readonly idleMs: number;
}

interface Entry<Transport> {
  readonly transport: Transport;
  readonly caller: string;
  readonly idle: NodeJS.Timeout;
}

/** Open sessions by ID. Clients do not always end their sessions, so the table limits their number and their idle time. */
export class SessionTable<Transport extends Closable> {
  readonly #limits: SessionLimits;
  readonly #entries = new Map<string, Entry<Transport>>();

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  add(id: string, caller: string, transport: Transport): void {
    const own = [...this.#entries].filter(([, entry]) => entry.caller === caller);
    for (const [oldest] of own.slice(0, Math.max(0, own.length + 1 - this.#limits.maxPerCaller)))
      this.#end(oldest);
    const idle = setTimeout(() => this.#end(id), this.#limits.idleMs).unref();
    this.#entries.set(id, { transport, caller, idle });
  }

  /** Return the transport of a session, and restart its idle time. */
  use(id: string): Transport | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    entry.idle.refresh();
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry.transport;
  }

  delete(id: string): void {
    clearTimeout(this.#entries.get(id)?.idle);
    this.#entries.delete(id);
  }

  #end(id: string): void {
    const entry = this.#entries.get(id);
    this.delete(id);
    entry?.transport.close().catch((failure) => console.error('A session did not close', failure));
  }
}
