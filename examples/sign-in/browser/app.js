import { beginSignIn, beginSignOut, callApi, completeSignIn, isSignedIn, refresh } from './session.js';

const find = (id) => document.getElementById(id);

/** Show the state of the session, and the buttons that apply to it. */
function show(text) {
  find('status').textContent = text;
  find('sign-in').hidden = isSignedIn();
  for (const id of ['profile', 'documents', 'refresh', 'sign-out']) find(id).hidden = !isSignedIn();
  if (!isSignedIn()) find('response').hidden = true;
}

/** Run an action of the person, and show why it failed. */
async function run(action) {
  try {
    await action();
  } catch (error) {
    show(isSignedIn() ? error.message : `${error.message}. Sign in again.`);
    find('status').focus();
  }
}

async function showResponse(path) {
  const answer = await callApi(path);
  find('body').textContent = `${answer.status} ${JSON.stringify(await answer.json(), null, 2)}`;
  find('response').hidden = false;
  return answer;
}

async function showProfile() {
  const answer = await showResponse('/profile');
  show(answer.ok ? 'You are signed in.' : 'The API rejected the request.');
}

const ACTIONS = {
  'sign-in': beginSignIn,
  profile: showProfile,
  documents: () => showResponse('/documents'),
  refresh: async () => {
    await refresh();
    show('The tokens are new.');
  },
  'sign-out': beginSignOut,
};
for (const [id, action] of Object.entries(ACTIONS)) find(id).addEventListener('click', () => run(action));

await run(async () => {
  await completeSignIn();
  if (isSignedIn()) await showProfile();
  else show('You are signed out.');
});
