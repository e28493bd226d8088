import { setTimeout as wait } from 'node:timers/promises';
import express, { type Request, type Response, Router } from 'express';
import { AccessDeniedError, TemporarilyUnavailableError } from 'passport-jwe';
import type { Directory } from 'passport-jwe/ldap';
import { rejectCrossSite } from '../../login/csrf.js';
import { type Credentials, checkSignIn, type SignInResult } from './check-sign-in.js';
import type { PersonProvider } from './create-provider.js';
import type { FormTokens } from './form-tokens.js';
import { type SignInProblem, signInPage } from './pages.js';
import { type SignInAttempts, WINDOW_SECONDS } from './sign-in-attempts.js';

/** An event for the log of the operator. It contains no names and no passwords. */
export type SignInEvent = (SignInResult | { readonly kind: 'unavailable'; readonly cause: string }) & {
  readonly ip: string;
};

export interface SignInOptions {
  readonly issuer: string;
  readonly provider: PersonProvider;
  readonly directory: Directory;
  readonly attempts: SignInAttempts;
  readonly formTokens: FormTokens;
  /** Minimum duration of a sign-in that fails, in milliseconds. */
  readonly minFailureMs: number;
  readonly log: (event: SignInEvent) => void;
}

// 401 would need a challenge (RFC 9110 §15.5.2), and a form has no authentication scheme.
const STATUS: Readonly<Record<SignInProblem, number>> = { rejected: 403, throttled: 429, unavailable: 503 };

const RETRY_AFTER_SECONDS: Readonly<Record<SignInProblem, number | undefined>> = {
  rejected: undefined,
  throttled: WINDOW_SECONDS,
  unavailable: 5,
};

/** Maximum random addition to the minimum duration, as a share of it. */
const JITTER = 0.2;

/** Routes of the sign-in page. oidc-provider sends browsers to it, and continues when the person has signed in. */
export function createSignInRoutes(options: SignInOptions): Router {
  const { issuer, provider, formTokens, minFailureMs, log } = options;
  const router = Router();

  /** Show the form, again if there is a problem. */
  const show = (
    res: Response,
    id: string,
    entered: { name?: string; problem?: SignInProblem } = {},
  ): void => {
    if (entered.problem !== undefined) {
      const seconds = RETRY_AFTER_SECONDS[entered.problem];
      res.status(STATUS[entered.problem]);
      if (seconds !== undefined) res.set('Retry-After', String(seconds));
    }
    res.send(signInPage({ action: `/sign-in/${id}`, csrfToken: formTokens.create(id), ...entered }));
  };

  const check = async (
    credentials: Credentials | undefined,
    ip: string,
  ): Promise<SignInResult | undefined> => {
    if (credentials === undefined) return { kind: 'rejected', reason: 'password' };
    try {
      return await checkSignIn(credentials, ip, options);
    } catch (error) {
      if (!(error instanceof TemporarilyUnavailableError)) throw error;
      log({ kind: 'unavailable', cause: String(error.cause), ip });
      return undefined;
    }
  };

  router.get('/sign-in/:id', async (req, res) => {
    show(res, await readInteraction(req, res, provider));
  });

  router.post(
    '/sign-in/:id',
    rejectCrossSite(issuer),
    express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 }),
    async (req, res) => {
      // The sign-in begins now: it ends with a sign-out on all devices that happens during the password check.
      const ts = Math.floor(Date.now() / 1000);
      const isOver = wait(minFailureMs * (1 + Math.random() * JITTER));
      const id = await readInteraction(req, res, provider);
      const { csrf, cancel, name, password }: Record<string, unknown> = Object(req.body);
      req.body = undefined; // Nothing keeps the password longer than necessary.
      if (!formTokens.isValid(id, csrf)) throw new AccessDeniedError('The form has no valid token');
      if (cancel === 'yes') {
        const denied = { error: 'access_denied', error_description: 'the person cancelled the sign-in' };
        return provider.interactionFinished(req, res, denied);
      }
      const ip = req.ip ?? '';
      const result = await check(readCredentials(name, password), ip);
      if (result !== undefined) log({ ...result, ip });
      if (result?.kind === 'authenticated') {
        return provider.interactionFinished(req, res, { login: { accountId: result.subject, ts } });
      }
      // The directory checks the passwords of known names only, so the duration would reveal which names exist.
      await isOver;
      const again = typeof name === 'string' ? { name: name.slice(0, 256) } : {};
      show(res, id, { ...again, problem: result?.kind ?? 'unavailable' });
    },
  );

  return router;
}

/**
 * Read the ID of the sign-in that the cookie identifies. The path must have the same ID.
 *
 * @throws SessionNotFound (as rejection) if the sign-in has expired or belongs to a different browser
 */
async function readInteraction(req: Request, res: Response, provider: PersonProvider): Promise<string> {
  const { uid } = await provider.interactionDetails(req, res);
  if (uid !== req.params['id']) throw new AccessDeniedError('The sign-in belongs to a different browser');
  return uid;
}

/** Values that are missing, repeated or too long cannot be credentials, and do not count as an attempt. */
function readCredentials(name: unknown, password: unknown): Credentials | undefined {
  return isShortText(name) && isShortText(password) ? { name, password } : undefined;
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 256;
}
