import { expect, test } from '@jest/globals';
import { repositoryOf } from '../../scripts/release/repository-of.js';

test.each([
  'https://github.com/owner/name',
  'https://github.com/owner/name.git',
  'git+https://github.com/owner/name.git',
  'git@github.com:owner/name.git',
  'ssh://git@github.com/owner/name.git',
])('%s is github.com/owner/name', (url) => {
  expect(repositoryOf(url)).toBe('github.com/owner/name');
});

test.each(['', '/srv/git/name', 'file:///srv/git/name.git', 'https://github.com/name'])(
  '%p is no repository that a package can name',
  (url) => {
    expect(repositoryOf(url)).toBeUndefined();
  },
);
