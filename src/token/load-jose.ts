/**
 * Load jose on first use. Importing jose is slow. Only signing, and encryption with algorithms other than `dir`, need it.
 */
export const loadJose = () => import('jose');
