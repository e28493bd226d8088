import { describe, expect, test } from '@jest/globals';
import { isSubjectPattern, matchesSubject } from '../../src/api-keys/matches-subject.js';

const REPOSITORY = 'repo:acme/billing:environment:production';

/** Subjects that match a pattern, out of several. */
function matching(pattern: string, subjects: readonly string[]): readonly string[] {
  return subjects.filter((subject) => matchesSubject(pattern, subject));
}

describe('a subject pattern', () => {
  test('without a wildcard matches only the equal subject', () => {
    const others = [`${REPOSITORY}2`, `x${REPOSITORY}`, REPOSITORY.slice(0, -1), `${REPOSITORY}:`, ''];

    expect(matching(REPOSITORY, [REPOSITORY, ...others])).toEqual([REPOSITORY]);
  });

  test('matches one or more characters with *, and never the empty string', () => {
    const subjects = ['repo:acme/billing:ref', 'repo:acme/b:ref', 'repo:acme/:ref', 'repo:acme:ref'];

    expect(matching('repo:acme/*:ref', subjects)).toEqual(subjects.slice(0, 2));
  });

  test('never crosses / with *', () => {
    const subjects = [
      'spiffe://acme.example/ns/a',
      'spiffe://acme.example/ns/a/b',
      'spiffe://acme.example/ns/a/',
    ];

    expect(matching('spiffe://acme.example/ns/*', subjects)).toEqual(['spiffe://acme.example/ns/a']);
  });

  test('never crosses : with *', () => {
    const subjects = [
      'system:serviceaccount:web:a',
      'system:serviceaccount:web:a:b',
      'system:serviceaccount:web:',
    ];

    expect(matching('system:serviceaccount:web:*', subjects)).toEqual(['system:serviceaccount:web:a']);
  });

  test('keeps / and : apart', () => {
    expect(matching('a/b:c', ['a:b:c', 'a/b/c', 'a:b/c', 'a/b:c'])).toEqual(['a/b:c']);
  });

  test('compares prefix and suffix of a segment with * without overlap', () => {
    expect(matching('job-*-job', ['job-1-job', 'job-job', 'job--job', 'xjob-1-job', 'job-1-jobx'])).toEqual([
      'job-1-job',
    ]);
  });

  test('is case-sensitive', () => {
    expect(matching('repo:acme/*', ['repo:Acme/x', 'REPO:acme/x', 'repo:acme/X'])).toEqual(['repo:acme/X']);
  });

  test('compares Unicode without normalization', () => {
    expect(matching('caf\u00e9-*', ['cafe\u0301-1', 'caf\u00e9-1', 'caf\u00e9-\u{1f600}'])).toEqual([
      'caf\u00e9-1',
      'caf\u00e9-\u{1f600}',
    ]);
  });

  test('treats characters of regular expressions as literals', () => {
    expect(matching('a.c+(d)', ['a.c+(d)', 'abc+(d)', 'a.cc(d)'])).toEqual(['a.c+(d)']);
  });

  test('is anchored at line breaks', () => {
    expect(matching('repo:acme', ['repo:acme\n', '\nrepo:acme', 'x\nrepo:acme', 'repo:acme'])).toEqual([
      'repo:acme',
    ]);
  });

  test('has at most one * in each segment', () => {
    expect(['a*:b*/c*', '*', 'a**', 'a*b*', 'x:a*b*c'].filter(isSubjectPattern)).toEqual(['a*:b*/c*', '*']);
  });
});
