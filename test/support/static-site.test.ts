import { expect, test } from '@jest/globals';
import { findMissingTargets } from './static-site.js';

test('missing pages, anchors and files are found', () => {
  const pages = new Map([
    [
      '/',
      '<h1 id="start">Start</h1><a href="/guides/#missing">A</a><a href="/gone/">B</a><img src="/gone.svg">',
    ],
    ['/guides/', '<h1 id="a&amp;b">A</h1><a href="#a%26b">A</a><a href="../">B</a><a href="../#start">C</a>'],
    ['/404.html', '<a href="https://example.com/">A</a><link href="/style.css"><a href="/guides">B</a>'],
  ]);

  expect(findMissingTargets(pages, new Set(['/style.css', '/404.html']))).toEqual([
    '/: /guides/#missing',
    '/: /gone/',
    '/: /gone.svg',
    '/404.html: /guides',
  ]);
});
