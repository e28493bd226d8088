import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Origin } from '../audit/record-acceptances.js';
import type { IncomingRequest } from './incoming-request.js';
import { readFields } from './read-fields.js';
import { readIp } from './request-ip.js';

const DIGEST_LENGTH = 12;

/** Maximum length of a user agent in characters. Longer values are truncated. */
const MAX_AGENT_LENGTH = 512;

const AGENTS_TRACKED = 1000;

/** Create a reader of the client address and user agent. The user agent is hashed, because the client controls it. */
export function createOriginReader(): (req: IncomingRequest) => Origin {
  const digests = new LRUCache<string, string>({ max: AGENTS_TRACKED });

  const digest = (agent: string): string => {
    const known = digests.get(agent);
    if (known !== undefined) return known;
    const computed = hash('sha256', agent, 'base64url').slice(0, DIGEST_LENGTH);
    digests.set(agent, computed);
    return computed;
  };

  return (req) => {
    const agent = readFields(req, 'user-agent')[0]?.slice(0, MAX_AGENT_LENGTH);
    return {
      ...readIp(req),
      ...(agent === undefined ? {} : { agent: digest(agent) }),
    };
  };
}
