/**
 * Load jose on first use. Importing jose is slow, and direct encryption (`dir`), the default, does not need it.
 */
export const loadJose = () => import('jose');
