import type { SignInEvent } from '../../examples/sign-in/authorization-server/sign-in-routes.js';
import type { ServerSettings } from '../../examples/sign-in/settings.js';
import { type RunningSignIn, startSignIn } from '../../examples/sign-in/start-sign-in.js';
import { findFreePort } from './processes.js';
import { GROUPS, group, PEOPLE, person, type Slapd, startSlapd } from './slapd.js';

/** The servers of `examples/sign-in` with a directory of people. */
export interface SignInServers extends Pick<ServerSettings, 'issuer' | 'api' | 'app'> {
  readonly slapd: Slapd;
  /** Results of all sign-ins, as JSON lines. */
  readonly log: () => string;
  close(): Promise<void>;
}

export const STAFF = `cn=staff,${GROUPS}`;

/** DN of a person. */
export const dnOf = (uid: string): string => `uid=${uid},${PEOPLE}`;

/** Password of a person. */
export const passwordOf = (uid: string): string => `password of ${uid}`;

/**
 * Start the servers. The first person is a member of staff. The directory locks an account after three failures.
 *
 * @param people user names
 */
export async function startSignInServers(
  people: readonly [string, ...string[]],
  settings: Partial<ServerSettings> = {},
): Promise<SignInServers> {
  const entries = [...people.map((uid) => person(uid)), group('staff', dnOf(people[0]))].join('\n');
  const slapd = await startSlapd({ entries });
  const [issuer, api, app] = await Promise.all([findUrl(), findUrl(), findUrl()]);
  const lines: SignInEvent[] = [];
  const limits = { attemptsPerPerson: 2, attemptsPerAddress: 1000, minFailureMs: 1, behindProxy: true };
  let servers: RunningSignIn;
  try {
    servers = await startSignIn(
      {
        ...{ issuer, api, app, ...limits, ...settings },
        ldap: { ...slapd.options, claims: { name: 'cn', email: 'mail' } },
        staffGroup: STAFF,
      },
      (event) => lines.push(event),
    );
  } catch (error) {
    await slapd.dispose();
    throw error;
  }
  return {
    ...{ issuer, api, app, slapd },
    log: () => lines.map((event) => JSON.stringify(event)).join('\n'),
    async close() {
      await servers.close();
      await slapd.dispose();
    },
  };
}

async function findUrl(): Promise<string> {
  return `http://127.0.0.1:${await findFreePort()}`;
}
