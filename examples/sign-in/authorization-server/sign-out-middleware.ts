import type { Context } from 'oidc-provider';
import type { PersonAccount } from './accounts.js';
import type { SignOuts } from './sign-outs.js';

/** After a sign-out, revoke the access tokens of the session, or end all sessions of the person. */
export function createSignOutMiddleware(signOuts: SignOuts) {
  return async (ctx: Context<PersonAccount>, next: () => Promise<void>): Promise<void> => {
    await next();
    const { route, session, params } = ctx.oidc ?? {};
    if (route !== 'end_session_confirm' || session?.destroyed !== true || session.accountId === undefined)
      return;
    if (params?.['logout'] === 'everywhere') await signOuts.endPerson(session.accountId);
    else await signOuts.endSession(session.uid, session.accountId);
  };
}
