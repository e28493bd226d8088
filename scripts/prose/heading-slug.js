/**
 * Anchor of a heading as GitHub derives it: lower case, without punctuation, with hyphens for spaces. GitHub numbers
 * repeated anchors, which the caller adds.
 *
 * @param {string} heading text of the heading, in Markdown or plain
 */
export function headingSlug(heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}
