/**
 * Loads jose on first use. Direct encryption (`dir`), the default, does not need it, and loading it takes longer than
 * loading everything else that accepts a token.
 */
export const loadJose = () => import('jose');
