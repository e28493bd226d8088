import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { AuditEvent } from '../../src/audit/events.js';
import { pinoSink } from '../../src/audit/pino-sink.js';
import { createAuditTrail } from '../../src/audit/record.js';
import { clock } from '../support/tokens.js';

async function linesOf(...events: readonly AuditEvent[]): Promise<readonly unknown[]> {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const audit = createAuditTrail({
    sinks: [pinoSink(pino({ base: null, timestamp: false }, stream))],
    clock,
  });
  for (const event of events) await audit.record(event);
  return lines.map((line) => JSON.parse(line));
}

const SESSION = { familyId: 'f1', clientId: 'demo', subject: 'alice', sessionId: 's1' };
const INFO = 30;
const WARN = 40;

describe('pinoSink', () => {
  test('writes an event as one structured line of a real pino', async () => {
    expect(await linesOf({ type: 'api_keys.loaded', keyIds: ['a', 'b'] })).toEqual([
      {
        level: INFO,
        audit: { type: 'api_keys.loaded', keyIds: ['a', 'b'], time: '2030-01-01T00:00:00Z' },
        msg: 'api_keys.loaded',
      },
    ]);
  });

  test.each<[AuditEvent, number]>([
    [{ type: 'key_ring.created', current: 'k1', previous: [] }, INFO],
    [{ type: 'api_keys.loaded', keyIds: [] }, INFO],
    [{ type: 'token.accepted', jti: 'j1', count: 1 }, INFO],
    [{ type: 'api_keys.rejected', problemCount: 1, files: ['a.yaml'] }, WARN],
    [{ type: 'api_keys.weak', keyIds: ['demo'] }, WARN],
    [{ type: 'revocation.delayed', kind: 'api_key', clientId: 'demo' }, WARN],
    [{ type: 'key.exhausted', kid: 'k1', limit: 1 }, WARN],
    [{ type: 'store.unreachable', reason: 'timeout', advice: 'Wait' }, WARN],
    [{ type: 'session.ended', ...SESSION, reason: 'revoked' }, INFO],
    [{ type: 'session.ended', ...SESSION, reason: 'reused' }, WARN],
    [{ type: 'session.ended', ...SESSION, reason: 'guessed' }, WARN],
    [{ type: 'issuance.refused', code: 'ERR_INVALID_CLIENT', reason: 'unknown_key' }, WARN],
    [{ type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'revoked', ip: '192.0.2.1' }, WARN],
  ])('writes %j at level %d', async (event, level) => {
    expect(await linesOf(event)).toMatchObject([{ level, audit: event }]);
  });

  test('writes one line for any content of an identifier', async () => {
    const jti = 'j1\n{"level":60}';
    expect(await linesOf({ type: 'token.accepted', jti, count: 1 })).toMatchObject([{ audit: { jti } }]);
  });

  test('does not swallow an error of the logger', () => {
    const broken = {
      info() {
        throw new Error('closed');
      },
      warn() {},
    };
    const record = { type: 'api_keys.loaded', keyIds: [], time: '2030-01-01T00:00:00Z' } as const;
    expect(() => pinoSink(broken).write(record)).toThrow('closed');
  });
});
