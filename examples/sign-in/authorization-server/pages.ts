import { Html, html } from './html.js';

/** Why the form is shown again. */
export type SignInProblem = 'rejected' | 'throttled' | 'unavailable';

const PROBLEMS: Readonly<Record<SignInProblem, string>> = {
  rejected: 'The user name or password is wrong, or the account cannot sign in.',
  throttled: 'Too many attempts. Wait 15 minutes before the next attempt.',
  unavailable: 'Sign-in is unavailable at the moment. Wait a few seconds, then sign in.',
};

/** Page with the form for the user name and the password. It never contains a password. */
export function signInPage(view: {
  readonly action: string;
  readonly csrfToken: string;
  readonly name?: string;
  readonly problem?: SignInProblem;
}): string {
  const { action, csrfToken, name = '', problem } = view;
  // Screen readers announce a problem when it receives the focus. Otherwise, the first field has the focus.
  const summary =
    problem === undefined
      ? html``
      : html`<p class="problem" id="problem" role="alert" tabindex="-1" autofocus>${PROBLEMS[problem]}</p>`;
  const focus = new Html(problem === undefined ? 'autofocus' : 'aria-describedby="problem"');
  return page(
    problem === undefined ? 'Sign in' : 'Error: Sign in',
    html`<h1>Sign in</h1>
<p>Sign in to continue to Documents.</p>
${summary}
<form method="post" action="${action}">
<input type="hidden" name="csrf" value="${csrfToken}">
<label for="name">User name</label>
<input id="name" name="name" value="${name}" autocomplete="username" autocapitalize="none" spellcheck="false"
  maxlength="256" required ${focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required>
<div class="actions">
<button type="submit">Sign in</button>
<button type="submit" name="cancel" value="yes" class="secondary" formnovalidate>Cancel</button>
</div>
</form>`,
  );
}

/**
 * Page that asks where to sign out.
 *
 * @param form form of oidc-provider with the ID `op.logoutForm` and a token against cross-site request forgery
 */
export function signOutPage({ form, app }: { readonly form: string; readonly app: string }): string {
  return page(
    'Sign out',
    html`<h1>Sign out</h1>
<p>Where do you want to sign out?</p>
${new Html(form)}
<div class="actions">
<button type="submit" form="op.logoutForm" name="logout" value="here" autofocus>This device</button>
<button type="submit" form="op.logoutForm" name="logout" value="everywhere" class="secondary">All devices</button>
</div>
<p><a href="${app}/">Stay signed in</a></p>`,
  );
}

const NOTICES = {
  ended: ['This page is no longer valid', 'It has expired, or you have used it already.'],
  forbidden: ['The request was rejected', 'It came from a different site.'],
  invalid: ['The request was rejected', 'It is incomplete, or it contains invalid values.'],
  signedOut: ['You are signed out', 'You can close this page.'],
  unavailable: ['Temporarily unavailable', 'Wait a few seconds, then reload the page.'],
} as const;

export type Notice = keyof typeof NOTICES;

/** Page without a form, with a link to the application. */
export function noticePage({ notice, app }: { readonly notice: Notice; readonly app: string }): string {
  const [title, text] = NOTICES[notice];
  return page(title, html`<h1>${title}</h1><p>${text}</p><p><a href="${app}/">Back to Documents</a></p>`);
}

function page(title: string, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} - Example Corp</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main class="card">
${content}
</main>
</body>
</html>
`.markup;
}
