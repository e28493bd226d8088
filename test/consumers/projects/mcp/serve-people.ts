// Starts the variant for people. Client ID metadata documents are on loopback, which oidc-provider does not load.
import { startForPeople } from '../people.js';

const fetchDocument: typeof fetch = (input, init) => {
  const { method, headers, redirect, signal } = init ?? {};
  return fetch(input, {
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers }),
    ...(redirect === undefined ? {} : { redirect }),
    ...(signal === undefined ? {} : { signal }),
  });
};
console.log(await startForPeople(0, fetchDocument));
