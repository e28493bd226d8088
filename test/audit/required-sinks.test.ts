import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { AuditRecord } from '../../src/audit/events.js';
import { type AuditSink, createAuditTrail } from '../../src/audit/record.js';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import { rejectionOf } from '../support/caught.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

const DISK_FULL = new Error('disk full');

/** A sink that keeps what it is told, but for records of one type, which it refuses. */
function keepingSink(refused?: AuditRecord['type']): AuditSink & { readonly types: readonly string[] } {
  const types: string[] = [];
  return {
    types,
    async write({ type }) {
      if (type === refused) throw DISK_FULL;
      types.push(type);
    },
  };
}

interface Sinks {
  readonly sinks?: readonly AuditSink[];
  readonly required?: readonly AuditSink[];
}

const trailOf = (sinks: Sinks) => createAuditTrail({ sinks: [], ...sinks, clock, onSinkError: () => {} });

/** Issues one token, with these sinks behind the audit trail. */
async function issue(sinks: Sinks) {
  const keyRing = await createRing();
  const audit = trailOf(sinks);
  const tokens = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, audit, clock });
  return tokens.issue({
    ...{ type: 'service', clientId: 'caller', subject: 'caller', audience: AUDIENCE },
    ...{ scope: ['read'], lifetime: 60, claims: { api_key_name: 'Caller' } },
  });
}

describe('a required sink', () => {
  test('receives the intent before the token is created, and the outcome before it is sent', async () => {
    const sink = keepingSink();
    await issue({ required: [sink] });

    expect(sink.types).toEqual(['token.intended', 'token.issued']);
  });

  test('receives all details of the outcome with the intent', async () => {
    const records: AuditRecord[] = [];
    await issue({ required: [{ write: (record) => void records.push(record) }] });
    const [intent, outcome] = records.map((record) => ({ ...record, type: 'either' }));

    expect(intent).toHaveProperty('kid');
    expect(intent).toEqual(outcome);
  });

  test.each(['token.intended', 'token.issued'] as const)(
    'that fails on %s prevents issuance',
    async (refused) => {
      const error = await rejectionOf(issue({ required: [keepingSink(refused)] }));

      expect(error).toBeInstanceOf(TemporarilyUnavailableError);
      expect(error).toMatchObject({
        status: 503,
        cause: DISK_FULL,
        message: expect.not.stringContaining('disk'),
      });
    },
  );

  test('that fails on the intent receives no outcome, and neither do other sinks', async () => {
    const [failing, other] = [keepingSink('token.intended'), keepingSink()];
    await rejectionOf(issue({ sinks: [other], required: [failing] }));

    expect([failing.types, other.types]).toEqual([[], []]);
  });

  test('that fails on the outcome keeps the intent, and other sinks receive nothing', async () => {
    const [failing, other] = [keepingSink('token.issued'), keepingSink()];
    await rejectionOf(issue({ sinks: [other], required: [failing] }));

    expect([failing.types, other.types]).toEqual([['token.intended'], []]);
  });

  test('that fails prevents issuance although another one works', async () => {
    const sinks = [keepingSink(), keepingSink('token.intended')];

    expect(await rejectionOf(issue({ required: sinks }))).toMatchObject({ status: 503 });
  });

  test('receives all other events too, and no response waits for them', async () => {
    const written: string[] = [];
    const hanging: AuditSink = {
      write({ type }) {
        written.push(type);
        return new Promise(() => {});
      },
    };
    const recording = trailOf({ required: [hanging] }).record({ type: 'limits.restored' });
    const first = await Promise.race([recording.then(() => 'answered'), immediate('waiting')]);

    expect([first, written]).toEqual(['answered', ['limits.restored']]);
  });
});

describe('an optional sink', () => {
  test('receives only the outcome', async () => {
    const sink = keepingSink();
    await issue({ sinks: [sink] });

    expect(sink.types).toEqual(['token.issued']);
  });

  test('does not fail issuance', async () => {
    const required = keepingSink();
    await issue({ sinks: [keepingSink('token.issued')], required: [required] });

    expect(required.types).toEqual(['token.intended', 'token.issued']);
  });
});

describe('createAuditTrail', () => {
  test.each([
    [{}, 'sinks or required is required: pass one or both'],
    [{ required: {} }, 'required must be an array'],
    [{ required: [{}] }, 'required[0] must be an object with a method write'],
    [{ sinks: [], timeoutMs: 0 }, 'timeoutMs must be'],
    [{ sinks: [], timeoutMs: 2 ** 31 }, 'timeoutMs must be'],
    [{ sinks: [], maxWaiting: 1.5 }, 'maxWaiting must be'],
  ])('rejects %j', (options, message) => {
    expect(() => Reflect.apply(createAuditTrail, undefined, [options])).toThrow(message);
  });
});
