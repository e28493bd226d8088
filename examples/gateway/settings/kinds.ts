import type { StoreFailurePolicy } from 'passport-jwe';
import type { LevelWithSilent } from 'pino';
import { type DpopMode, readDpopMode } from '../dpop.js';
import { readTrustedProxies, type TrustedProxies } from '../trust-proxy.js';
import { isLoopback } from './is-loopback.js';
import type { Kind } from './setting.js';

/** Host and port of a server. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export const text: Kind<string> = { parse: (value) => value };

export const secret: Kind<string> = { isSecret: true, parse: (value) => value };

export const port: Kind<number> = {
  parse(value, name) {
    if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
    throw new Error(`${name} must be a port: an integer from 0 to 65535`);
  },
};

export const milliseconds: Kind<number> = {
  parse(value, name) {
    if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
    throw new Error(
      `${name} must be a positive integer of at most 6 digits, in milliseconds, for example 30000`,
    );
  },
};

/** Positive integer of at most 9 digits. */
export const count: Kind<number> = {
  parse(value, name) {
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    throw new Error(`${name} must be a positive integer of at most 9 digits, for example 10000`);
  },
};

export const flag: Kind<boolean> = {
  parse(value, name) {
    if (value === 'true' || value === 'false') return value === 'true';
    throw new Error(`${name} must be true or false`);
  },
};

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Period in seconds. */
export const duration: Kind<number> = {
  parse(value, name) {
    const [, amount, unit = ''] = /^([1-9]\d{0,5})(s|m|h|d)$/.exec(value) ?? [];
    if (amount !== undefined) return Number(amount) * (UNIT_SECONDS[unit] ?? 0);
    throw new Error(`${name} must be an integer and a unit (s, m, h or d), for example 30d`);
  },
};

/** URL to which the gateway appends paths. Clients find the metadata of the issuer there (RFC 8414 §2). */
export const url: Kind<string> = {
  parse(value, name) {
    if (isPlainUrl(value, ['https:', 'http:'])) return value.replace(/\/$/, '');
    throw new Error(
      `${name} must be an http or https URL without credentials, query or fragment, for example https://gateway.example.com`,
    );
  },
};

export const urls: Kind<readonly string[]> = {
  parse(value, name) {
    const all = listOf(value);
    if (all.every((each) => isPlainUrl(each, ['https:', 'http:'])))
      return all.map((each) => each.replace(/\/$/, ''));
    throw new Error(
      `${name} must be a comma-separated list of http or https URLs without credentials, query or fragment`,
    );
  },
};

/** URL that must be HTTPS, except on loopback, to protect requests in transit. */
export const secureUrl: Kind<string> = {
  parse(value, name) {
    if (isPlainUrl(value, ['https:'])) return value;
    if (isPlainUrl(value, ['http:']) && isLoopback(new URL(value).hostname)) return value;
    throw new Error(
      `${name} must be an https URL (http on loopback only) without credentials, query or fragment`,
    );
  },
};

/** Origins, each in the form that browsers send in `Origin` (RFC 6454 §6.2). */
export const origins: Kind<readonly string[]> = {
  parse(value, name) {
    const all = listOf(value);
    if (all.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin)) return all;
    throw new Error(`${name} must be a comma-separated list of origins, for example https://app.example.com`);
  },
};

export const hostsAndPorts: Kind<readonly HostAndPort[]> = {
  parse(value, name) {
    const all = listOf(value).map((each) => /^(\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(each));
    const parsed = all.map((match) => ({ host: match?.[1] ?? '', port: Number(match?.[2] ?? 0) }));
    if (parsed.length > 0 && parsed.every(({ host, port: at }) => host !== '' && at > 0 && at <= 65_535))
      return parsed;
    throw new Error(
      `${name} must be a comma-separated list of hosts with ports, for example 10.0.0.1:6379,10.0.0.2:6379`,
    );
  },
};

/** URL of Redis. It can contain a password. */
export const redisUrl: Kind<string> = {
  isSecret: true,
  parse(value, name) {
    // ioredis selects TLS by the exact start of the URL: `REDISS://` would not be encrypted.
    if (URL.canParse(value) && /^rediss?:\/\//.test(value)) return value;
    throw new Error(
      `${name} must be a redis:// or rediss:// URL, for example rediss://redis.example.com:6379`,
    );
  },
};

export const redisPrefix: Kind<string> = {
  parse(value, name) {
    if (/^[\w.:-]{1,64}$/.test(value)) return value;
    throw new Error(
      `${name} must be 1 to 64 letters, digits or characters of ._:-, for example passport-jwe`,
    );
  },
};

/** URL of a forward proxy. It can contain a password. */
export const forwardProxy: Kind<string> = {
  isSecret: true,
  parse(value, name) {
    if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol) && hasReadableCredentials(value))
      return value;
    throw new Error(
      `${name} must be an http or https URL whose credentials are percent-encoded, for example http://proxy.example.com:3128`,
    );
  },
};

export const storeFailure: Kind<StoreFailurePolicy> = {
  parse(value, name) {
    if (value === 'deny' || value === 'allow') return { kind: value };
    const share = /^local:(0?\.\d{1,4}|1)$/.exec(value)?.[1];
    if (share !== undefined && Number(share) > 0) return { kind: 'local', share: Number(share) };
    throw new Error(
      `${name} must be deny, allow, or local with a share above 0 and at most 1, for example local:0.25`,
    );
  },
};

export const logLevel: Kind<LevelWithSilent> = {
  parse(value, name) {
    const level = LEVELS.find((each) => each === value);
    if (level !== undefined) return level;
    throw new Error(`${name} must be one of: ${LEVELS.join(', ')}`);
  },
};

const LEVELS: readonly LevelWithSilent[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Key of an audit file, in the format of `passport-jwe audit verify --key-file`. */
export const auditKey: Kind<Uint8Array> = {
  isSecret: true,
  parse(value, name) {
    if (/^(?:[\da-f]{2}){32,}$/i.test(value)) return Buffer.from(value, 'hex');
    throw new Error(
      `${name} must be at least 64 hexadecimal digits, for example from "openssl rand -hex 32"`,
    );
  },
};

export const dpopMode: Kind<DpopMode> = { parse: readDpopMode };

export const trustedProxies: Kind<TrustedProxies | undefined> = { parse: readTrustedProxies };

/** Returns the items of a comma-separated list. */
function listOf(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Whether the credentials in a URL can be decoded. A `%` in a password must be written as `%25`. */
function hasReadableCredentials(value: string): boolean {
  const { username, password } = new URL(value);
  try {
    decodeURIComponent(`${username}:${password}`);
    return true;
  } catch {
    return false;
  }
}

/** Whether a value is a URL with one of the schemes, and without credentials, query and fragment. */
function isPlainUrl(value: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(value) || /[?#]/.test(value)) return false;
  const { protocol, username, password } = new URL(value);
  return schemes.includes(protocol) && username === '' && password === '';
}
