/** Headers that keep responses with tokens or sessions out of caches. RFC 6749 §5.1. */
export const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' };
