import { describe, expect, jest, test } from '@jest/globals';
import { createAuditTrail } from 'passport-jwe';
import { createMonitor, type SuspicionThresholds } from 'passport-jwe/monitor';
import { createMonitoredTrail, eventOf } from '../support/monitored-trail.js';
import { clock } from '../support/tokens.js';

/** Lets what was promised happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a monitor', () => {
  test('raises one alert per subject and window', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    for (const seconds of [0, 30, 59, 60, 61]) recordAt(seconds, eventOf.refused(), 30);
    recordAt(61, eventOf.refused({ ip: '192.0.2.2' }), 30);

    expect(alerts).toMatchObject([
      { address: '192.0.2.1', time: '2030-01-01T00:00:00Z' },
      { address: '192.0.2.1', time: '2030-01-01T00:01:00Z' },
      { address: '192.0.2.2', time: '2030-01-01T00:01:01Z' },
    ]);
  });

  test('is not suppressed after a clock was set back', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(86_400, eventOf.refused(), 30);
    recordAt(0, eventOf.refused(), 30);

    expect(alerts).toHaveLength(2);
  });

  test('counts its alerts by kind', () => {
    const { monitor, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.refused({ reason: 'revoked' }), 30);
    for (const sessionId of ['s1', 's2']) recordAt(0, eventOf.ended('reused', sessionId));

    expect(monitor.counts()).toEqual({
      token_from_many_addresses: 0,
      token_from_many_user_agents: 0,
      refresh_token_reused: 2,
      refusals_of_client: 0,
      refusals_of_address: 1,
      use_after_revocation: 1,
      sudden_rate: 0,
    });
  });

  test('counts alerts without a callback too', () => {
    const monitor = createMonitor();
    void createAuditTrail({ sinks: [monitor], clock }).record(eventOf.ended('reused'));

    expect(monitor.counts().refresh_token_reused).toBe(1);
  });

  test('does not detect or track disabled kinds', () => {
    const thresholds: SuspicionThresholds = {
      token_from_many_addresses: false,
      token_from_many_user_agents: false,
      refresh_token_reused: false,
      refusals_of_client: false,
      refusals_of_address: false,
      use_after_revocation: false,
      sudden_rate: false,
    };
    const { monitor, alerts, recordAt } = createMonitoredTrail({ thresholds });
    recordAt(0, eventOf.refused({ reason: 'revoked', clientId: 'demo' }), 100);
    recordAt(0, eventOf.ended('reused'));
    recordAt(0, eventOf.accepted());

    expect(alerts).toEqual([]);
    expect(monitor.tracked).toBe(0);
  });

  test('passes frozen alerts', () => {
    const { alerts, recordAt } = createMonitoredTrail();
    recordAt(0, eventOf.ended('reused'));

    expect(Object.isFrozen(alerts[0])).toBe(true);
  });
});

describe('a fault', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('pager down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('pager down'))],
  ])('of a callback that %s goes to onError, and the event is recorded', async (_, onSuspicion) => {
    const errors: unknown[] = [];
    const monitor = createMonitor({ onSuspicion, onError: (error) => void errors.push(error) });
    const audit = createAuditTrail({
      sinks: [monitor],
      clock,
      onSinkError: (error) => void errors.push(error),
    });
    await audit.record(eventOf.ended('reused'));
    await settle();

    expect(errors).toEqual([new Error('pager down')]);
    expect(monitor.counts().refresh_token_reused).toBe(1);
  });

  test('of the callback does not prevent the issuance of a token', async () => {
    const thresholds = { sudden_rate: { minCount: 1, warmUpWindows: 1, factor: 1.1, windowSeconds: 1 } };
    const onSuspicion = () => {
      throw new Error('pager down');
    };
    let now = 1000;
    const monitor = createMonitor({ thresholds, onSuspicion, onError: () => {} });
    const audit = createAuditTrail({ sinks: [monitor], clock: () => now });
    await audit.record(eventOf.issued());
    now += 1;
    await audit.record(eventOf.issued());

    await expect(audit.record(eventOf.issued())).resolves.toBeUndefined();
    expect(monitor.counts().sudden_rate).toBe(1);
  });

  test('of a malformed record goes to onError', () => {
    const errors: unknown[] = [];
    const monitor = createMonitor({ onError: (error) => void errors.push(error) });
    Reflect.apply(monitor.write, monitor, [undefined]);

    expect(errors).toEqual([expect.any(TypeError)]);
  });

  test('is emitted as a warning without its message, also if onError fails', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const fail = () => {
      throw new RangeError('secret');
    };
    for (const options of [{ onSuspicion: fail }, { onSuspicion: fail, onError: fail }]) {
      await createAuditTrail({ sinks: [createMonitor(options)], clock }).record(eventOf.ended('reused'));
    }
    await settle();
    const calls = warn.mock.calls.map(([message]) => message);
    warn.mockRestore();

    expect(calls).toEqual(
      Array(2).fill(
        'createMonitor: a detector, onSuspicion or a revocation failed: pass onError to receive the error (RangeError)',
      ),
    );
  });
});

const revocations = () => ({ revoke: async () => {}, maxTokenLifetimeSeconds: 60 });

describe('createMonitor', () => {
  test.each<[string, object, string]>([
    [
      'an unknown option',
      { onAlert: () => {} },
      'createMonitor: unknown option onAlert; expected one of: onSuspicion, answer, thresholds, maxTracked, onError',
    ],
    [
      'an unknown kind',
      { thresholds: { theft: {} } },
      'createMonitor: thresholds: unknown option theft; expected one of: token_from_many_addresses, token_from_many_user_agents, refresh_token_reused, refusals_of_client, refusals_of_address, use_after_revocation, sudden_rate',
    ],
    [
      'a misspelt threshold',
      { thresholds: { sudden_rate: { count: 1 } } },
      'createMonitor: thresholds.sudden_rate: unknown option count; expected one of: factor, minCount, warmUpWindows, windowSeconds',
    ],
    [
      'a count of one address',
      { thresholds: { token_from_many_addresses: { count: 1 } } },
      'createMonitor: thresholds.token_from_many_addresses.count must be an integer from 2 to 16, for example 5',
    ],
    [
      'more addresses than are told apart',
      { thresholds: { token_from_many_user_agents: { count: 17 } } },
      'createMonitor: thresholds.token_from_many_user_agents.count must be an integer from 2 to 16, for example 2',
    ],
    [
      'a count of nothing',
      { thresholds: { refusals_of_client: { count: 0 } } },
      'createMonitor: thresholds.refusals_of_client.count must be a positive integer, for example 60',
    ],
    [
      'a window of two days',
      { thresholds: { refusals_of_address: { windowSeconds: 172_800 } } },
      'createMonitor: thresholds.refusals_of_address.windowSeconds must be an integer from 1 to 86400',
    ],
    [
      'a factor of one',
      { thresholds: { sudden_rate: { factor: 1 } } },
      'createMonitor: thresholds.sudden_rate.factor must be a number greater than 1, for example 8',
    ],
    ['no room', { maxTracked: 0 }, 'createMonitor: maxTracked must be an integer from 1 to 1000000'],
    [
      'an answer without revocations',
      { answer: { by: {} } },
      'createMonitor: answer.revocations must be a function that returns the revocations, for example () => revocations',
    ],
    [
      'an answer to what cannot be answered',
      { answer: { revocations, by: { refusals_of_address: 'api_key' } } },
      'createMonitor: answer.by: unknown option refusals_of_address; expected one of: token_from_many_addresses, token_from_many_user_agents, refresh_token_reused, refusals_of_client, sudden_rate',
    ],
    [
      'an answer that there is none of',
      { answer: { revocations, by: { sudden_rate: 'session' } } },
      'createMonitor: answer.by.sudden_rate must be one of api_key',
    ],
  ])('rejects %s', (_, options, message) => {
    expect(() => Reflect.apply(createMonitor, undefined, [options])).toThrow(new TypeError(message));
  });
});
