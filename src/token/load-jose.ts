/**
 * Loads jose on first use. Direct encryption (`dir`), the default, needs none of it, and loading it takes longer than
 * loading everything else that accepts a token.
 */
export function loadJose(): Promise<typeof import('jose')> {
  return import('jose');
}
