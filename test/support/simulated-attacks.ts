import type { Origin } from '../../src/audit/record-acceptances.js';
import type { SuspiciousUse } from '../../src/monitor/suspicious-use.js';
import type { SimulatedService, SimulatedToken } from './simulated-service.js';
import { agentOf, type Random, type SimulatedUser, STEP_SECONDS } from './simulated-users.js';

export interface AttackContext {
  readonly service: SimulatedService;
  /** Counted from 0, so that each comes from addresses of its own. */
  readonly index: number;
  readonly random: Random;
  /** Somebody who uses the service just now, and the token in use. */
  readonly victim: SimulatedUser;
  readonly token: SimulatedToken;
}

export interface Attack {
  readonly seconds: number;
  /** What the alerts about it name. */
  isSubject(alert: SuspiciousUse): boolean;
  /** What is done within one step. */
  act(): void;
}

function foreign({ index }: AttackContext, party = 0): string {
  return `172.${16 + (index >> 8)}.${index & 255}.${party}`;
}

/** So often a minute, on average. */
function repeat(perMinute: number, random: Random, act: () => void): () => void {
  return () => {
    let due = (perMinute * STEP_SECONDS) / 60;
    for (; due >= 1 || random() < due; due -= 1) act();
  };
}

function useToken({ service, random, token }: AttackContext, origins: readonly Origin[]): Attack {
  return {
    seconds: token.expiresAt - service.now,
    isSubject: (alert) => 'jti' in alert && alert.jti === token.jti,
    act: () => {
      for (const origin of origins) if (random() < 0.5) service.accept(token, origin);
    },
  };
}

/** What thieves and probers do; numbers are drawn anew each time. */
export const ATTACKS: Readonly<Record<string, (context: AttackContext) => Attack>> = {
  /** A stolen token, used by another program elsewhere. */
  'thief with a program of his own': (context) =>
    useToken(context, [{ ip: foreign(context), agent: agentOf('curl') }]),

  /** The same with the user agent of the victim: from one place more, nobody can tell. */
  'thief with the same user agent': (context) =>
    useToken(context, [{ ip: foreign(context), agent: context.victim.agent }]),

  /** A token that was published, used by 5 to 20 others by the same program. */
  'token that went round': (context) => {
    const parties = 5 + Math.floor(context.random() * 16);
    const origins = Array.from({ length: parties }, (_, party) => ({
      ip: foreign(context, party),
      agent: context.victim.agent,
    }));
    return useToken(context, origins);
  },

  'refresh token that came back': ({ service, token }) => {
    const { clientId, subject, sessionId } = token;
    return {
      seconds: 2 * STEP_SECONDS,
      isSubject: (alert) => 'sessionId' in alert && alert.sessionId === sessionId,
      act: () =>
        service.record({
          ...{ type: 'session.ended', reason: 'reused', familyId: sessionId },
          ...{ clientId, subject, sessionId },
        }),
    };
  },

  /** 20 to 200 API keys a minute for ten minutes, from one address. */
  'guesses at API keys': (context) => {
    const { service, random } = context;
    const perMinute = 20 * 10 ** random();
    const ip = foreign(context);
    return {
      seconds: 600,
      isSubject: (alert) => 'address' in alert && alert.address === ip,
      act: repeat(perMinute, random, () =>
        service.record({ type: 'issuance.refused', code: 'ERR_INVALID_CLIENT', reason: 'unknown_key', ip }),
      ),
    };
  },

  /** 40 to 400 requests a minute beyond the scope of a token, from addresses that change. */
  'probes beyond a scope': (context) => {
    const { service, random, token } = context;
    const { jti, clientId, subject } = token;
    const perMinute = 40 * 10 ** random();
    return {
      seconds: 300,
      isSubject: (alert) => 'clientId' in alert && alert.clientId === clientId,
      act: repeat(perMinute, random, () => {
        const ip = foreign(context, Math.floor(random() * 200));
        service.record({
          ...{ type: 'token.refused', code: 'ERR_INSUFFICIENT_SCOPE' },
          jti,
          clientId,
          subject,
          ip,
        });
      }),
    };
  },

  /** 2 to 20 uses a minute of a revoked token, for five minutes. */
  'use of a revoked token': (context) => {
    const { service, random } = context;
    const perMinute = 2 * 10 ** random();
    const ip = foreign(context);
    return {
      seconds: 300,
      isSubject: (alert) => 'address' in alert && alert.address === ip,
      act: repeat(perMinute, random, () =>
        service.record({ type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'revoked', ip }),
      ),
    };
  },

  /** Tokens for a stolen API key, used for 150 to 1500 requests a minute, for fifteen minutes. */
  'stolen API key': (context) => {
    const { service, random, token } = context;
    const { clientId } = token;
    const origin = { ip: foreign(context), agent: agentOf('python') };
    const perMinute = 150 * 10 ** random();
    const own = service.issue({ clientId, subject: clientId, sessionId: 'stolen' }, origin);
    return {
      seconds: 900,
      isSubject: (alert) => 'clientId' in alert && alert.clientId === clientId,
      act: repeat(perMinute, random, () => service.accept(own, origin)),
    };
  },
};
