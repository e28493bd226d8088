import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { headingSlug } from './heading-slug.js';
import { blank } from './masks.js';

const LINKS = /\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)|\b(?:href|src)="([^"]+)"/gm;
const FENCES = /^([ \t]*)(```+|~~~+)[\s\S]*?^\1\2[ \t]*$/gm;

/** Relative links of a Markdown file to missing files, and to missing headings of Markdown files. */
export function findDeadLinks(path, source) {
  const text = source.replace(FENCES, blank).replace(/(`+)(?!`)[^\n]*?[^`]\1(?!`)/g, blank);
  return [...text.matchAll(LINKS)].flatMap(({ 0: link, 1: inline, 2: reference, 3: attribute, index }) => {
    const target = inline ?? reference ?? attribute;
    const instead = /^(?:[a-z][a-z+.-]*:|\/)/i.test(target) ? undefined : findFault(path, source, target);
    const at = index + link.indexOf(target);
    return instead === undefined ? [] : [{ at, length: target.length, rule: 'dead link', instead }];
  });
}

function findFault(path, source, target) {
  const [name, anchor] = target.split('#').map(decodeURIComponent);
  const file = name === '' ? path : join(dirname(path), name);
  if (!existsSync(file)) return 'the path of a file that exists';
  if (anchor === undefined || !file.endsWith('.md') || statSync(file).isDirectory()) return undefined;
  const anchors = listAnchors(name === '' ? source : readFileSync(file, 'utf8'));
  return anchors.has(anchor) ? undefined : `the anchor of a heading of ${file}`;
}

/** Anchors of all headings, with numbers for repeated ones, and of HTML elements. */
function listAnchors(markdown) {
  const text = markdown.replace(FENCES, blank);
  const anchors = new Set([...text.matchAll(/<[^>]*\b(?:id|name)="([^"]+)"/g)].map(([, id]) => id));
  const seen = new Map();
  for (const [, heading] of text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = headingSlug(heading);
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times === 0 ? slug : `${slug}-${times}`);
  }
  return anchors;
}
