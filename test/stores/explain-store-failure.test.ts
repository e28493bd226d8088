import { expect, test } from '@jest/globals';
import { explainStoreFailure, type StoreFailureReason } from 'passport-jwe/stores';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';

/** Messages of Redis 7, and codes of the system. */
const FAILURES: readonly (readonly [failure: string, reason: StoreFailureReason])[] = [
  ["OOM command not allowed when used memory > 'maxmemory'.", 'out_of_memory'],
  ["READONLY You can't write against a read only replica.", 'read_only'],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 'read_only'],
  ['MISCONF Redis is configured to save RDB snapshots, but it cannot persist on disk.', 'persistence_failed'],
  ['MISCONF Errors writing to the AOF file: No space left on device', 'disk_full'],
  ['NOREPLICAS Not enough good replicas to write.', 'too_few_replicas'],
  ['NOAUTH Authentication required.', 'authentication_failed'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'authentication_failed'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'permission_denied'],
  ['LOADING Redis is loading the dataset in memory', 'loading'],
  ['CLUSTERDOWN The cluster is down', 'cluster_down'],
  ['ERR max number of clients reached', 'too_many_connections'],
  ['connect ECONNREFUSED 10.0.0.7:6379', 'connection_refused'],
  ['getaddrinfo ENOTFOUND redis.internal', 'unknown_host'],
  ['self-signed certificate in certificate chain', 'untrusted_certificate'],
  ['Command timed out', 'timeout'],
  ['Connection is closed.', 'unavailable'],
];

test('a failure is classified by the message of Redis or the system', () => {
  const wrap = (message: string) => new TemporarilyUnavailableError({ cause: new Error(message) });

  expect(FAILURES.map(([message]) => explainStoreFailure(wrap(message)).reason)).toEqual(
    FAILURES.map(([, reason]) => reason),
  );
});

test('a failure is classified by the code of the error', () => {
  const codes = ['ENOSPC', 'EROFS', 'EACCES', 'ETIMEDOUT'];

  expect(codes.map((code) => explainStoreFailure(Object.assign(new Error(), { code })).reason)).toEqual([
    ...['disk_full', 'read_only', 'permission_denied', 'timeout'],
  ]);
});

test('the error of a cluster node is classified', () => {
  const error = Object.assign(new Error('Failed to refresh slots cache.'), {
    lastNodeError: new Error('connect ECONNREFUSED 10.0.0.7:6379'),
  });

  expect(explainStoreFailure(error).reason).toBe('connection_refused');
});

test('the advice contains no part of the error', () => {
  const advice = FAILURES.map(([message]) => explainStoreFailure(new Error(message)).advice).join('\n');

  expect(advice).not.toMatch(/10\.0\.0\.7|redis\.internal|evalsha/);
});

test('a value that is not an error, and a circular cause, are classified as unavailable', () => {
  const circular = new Error('circular');
  circular.cause = circular;

  expect([undefined, 'ENOSPC', circular].map((error) => explainStoreFailure(error).reason)).toEqual([
    ...['unavailable', 'unavailable', 'unavailable'],
  ]);
});
