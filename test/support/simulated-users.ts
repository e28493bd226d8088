import type { Origin } from '../../src/audit/record-acceptances.js';
import type { SimulatedService, SimulatedToken } from './simulated-service.js';

export const STEP_SECONDS = 30;

const SHARE_PER_MINUTE = STEP_SECONDS / 60;

export type Random = () => number;

/** A digest, as those of the audit trail look. */
export function agentOf(name: string): string {
  return Buffer.from(name).toString('base64url').slice(0, 12).padEnd(12, '_');
}

export function pick<Value>(values: readonly Value[], random: Random): Value {
  const value = values[Math.floor(random() * values.length)];
  if (value === undefined) throw new RangeError('Nothing to pick from');
  return value;
}

/** One of those that a carrier hands to its customers in turn. */
function carrierAddress(random: Random): string {
  return `100.64.${Math.floor(random() * 4)}.${Math.floor(random() * 256)}`;
}

/** The IPv6 address beside an IPv4 address. */
function sixthOf(address: string): string {
  const [first = 0, second = 0, third = 0, fourth = 0] = address.split('.').map(Number);
  const groups = [first * 256 + second, third * 256 + fourth].map((group) => group.toString(16));
  return `2001:${groups.join(':')}::1`;
}

interface Habits {
  /** Changes of address a minute while in use. */
  readonly movesPerMinute: number;
  /** Has an IPv4 and an IPv6 address at a time, and uses either. */
  readonly isDualStack: boolean;
  /** A web view in the application sends another user agent under the same token. */
  readonly hasWebView: boolean;
}

function chooseHabits(random: Random): Habits {
  const kind = random();
  const movesPerMinute = kind < 0.4 ? 0 : kind < 0.95 ? 0.02 : 0.15;
  return { movesPerMinute, isDualStack: random() < 0.2, hasWebView: random() < 0.05 };
}

/** Somebody with one device, who uses a service now and then, and mostly by day. */
export class SimulatedUser {
  readonly clientId: string;
  readonly #random: Random;
  readonly #habits: Habits;
  readonly #subject: string;
  readonly #homes: readonly string[];
  #agent: string;
  #address: string;
  #token: SimulatedToken | undefined;
  #activeUntil = 0;
  #sessions = 0;

  constructor(index: number, clientId: string, random: Random) {
    this.clientId = clientId;
    this.#random = random;
    this.#subject = `user-${index}`;
    this.#habits = chooseHabits(random);
    // Some sit behind the address of their office, which they share.
    const office = `203.0.113.${index % 40}`;
    this.#homes = random() < 0.3 ? [office] : [`10.${index >> 8}.${index & 255}.1`, office];
    this.#address = pick(this.#homes, random);
    this.#agent = agentOf(`app${Math.floor(random() * 12)}`);
  }

  /** The token in use, if there is any. */
  get token(): SimulatedToken | undefined {
    return this.#token;
  }

  get agent(): string {
    return this.#agent;
  }

  step(service: SimulatedService, hour: number): void {
    if (service.now >= this.#activeUntil) this.#rest(service, hour);
    if (service.now >= this.#activeUntil) return;
    const random = this.#random;
    if (random() < this.#habits.movesPerMinute * SHARE_PER_MINUTE) this.#move();
    if (random() < 0.8) this.#request(service);
    if (random() < 0.0002) this.#agent = agentOf(`app${Math.floor(random() * 12)} update`);
  }

  /** Between two sessions. */
  #rest(service: SimulatedService, hour: number): void {
    const isDay = hour >= 7 && hour < 23;
    const random = this.#random;
    const token = this.#token;
    if (token !== undefined && random() < 0.001) this.#signOut(service, token);
    if (random() >= (isDay ? 0.0036 : 0.0002)) return;
    this.#activeUntil = service.now + 60 + random() * 1500;
    this.#sessions += 1;
    this.#move();
    const late = this.#token;
    if (late !== undefined && late.expiresAt < service.now) this.#present(service, 'expired');
    this.#token = this.#renew(service);
  }

  /** Other tabs notice it by the next request of theirs. */
  #signOut(service: SimulatedService, { clientId, subject, sessionId }: SimulatedToken): void {
    this.#token = undefined;
    service.record({
      ...{ type: 'session.ended', familyId: sessionId, reason: 'revoked' },
      ...{ clientId, subject, sessionId },
    });
    const tabs = Math.floor(this.#random() * 4);
    for (let tab = 0; tab < tabs; tab += 1) this.#present(service, 'revoked');
  }

  #request(service: SimulatedService): void {
    const token = this.#token;
    if (token === undefined || token.expiresAt <= service.now) {
      if (this.#random() < 0.5) this.#present(service, 'expired');
      this.#token = this.#renew(service);
    }
    const current = this.#token;
    if (current === undefined) return;
    const requests = 1 + Math.floor(this.#random() * 2);
    for (let count = 0; count < requests; count += 1) service.accept(current, this.#origin());
    if (this.#random() < 0.01) this.#deny(service, current);
  }

  #renew(service: SimulatedService): SimulatedToken {
    const sessionId = `${this.#subject}-${this.#sessions}`;
    return service.issue({ clientId: this.clientId, subject: this.#subject, sessionId }, this.#origin());
  }

  #deny(service: SimulatedService, { jti, clientId, subject }: SimulatedToken): void {
    const { ip = '' } = this.#origin();
    service.record({ type: 'token.refused', code: 'ERR_INSUFFICIENT_SCOPE', jti, clientId, subject, ip });
  }

  #present(service: SimulatedService, reason: 'expired' | 'revoked'): void {
    const { ip = '' } = this.#origin();
    service.record({ type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason, ip });
  }

  #move(): void {
    const random = this.#random;
    if (this.#habits.movesPerMinute === 0) this.#address = this.#homes[0] ?? this.#address;
    else this.#address = random() < 0.5 ? pick(this.#homes, random) : carrierAddress(random);
  }

  #origin(): Origin {
    const { isDualStack, hasWebView } = this.#habits;
    const random = this.#random;
    const agent = hasWebView && random() < 0.3 ? agentOf('web view') : this.#agent;
    // IPv6 is preferred, and where it is slow IPv4 wins (RFC 8305).
    return { ip: isDualStack && random() < 0.9 ? sixthOf(this.#address) : this.#address, agent };
  }
}

/** A service that polls at a steady pace, and works through a heap of documents each hour. */
export class SimulatedMachine {
  readonly clientId: string;
  readonly #random: Random;
  readonly #origin: Origin;
  readonly #perStep: number;
  #token: SimulatedToken | undefined;

  constructor(index: number, random: Random) {
    this.clientId = `machine-${index}`;
    this.#random = random;
    this.#origin = { ip: `192.0.2.${index}`, agent: agentOf('node') };
    this.#perStep = 30 ** random();
  }

  step(service: SimulatedService): void {
    if (this.#token === undefined || this.#token.expiresAt <= service.now + STEP_SECONDS) {
      const owner = { clientId: this.clientId, subject: this.clientId, sessionId: this.clientId };
      this.#token = service.issue(owner, this.#origin);
    }
    const isBatch = service.now % 3600 < 120;
    const requests = this.#perStep * this.#random() * 2 * (isBatch ? 8 : 1);
    for (let count = 0; count < requests; count += 1) service.accept(this.#token, this.#origin);
  }
}
