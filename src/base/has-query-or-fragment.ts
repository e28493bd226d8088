/** Whether a URL has a query or a fragment, even an empty one. Issuers have neither (RFC 8414 §2). */
export function hasQueryOrFragment(url: string): boolean {
  return /[?#]/.test(url);
}
