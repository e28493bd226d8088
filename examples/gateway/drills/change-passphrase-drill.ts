import { changeSetting } from './change-setting.js';
import type { Drill } from './drill.js';

/** The operator replaces the passphrase and the salt. */
export const changePassphraseDrill: Drill = {
  name: 'change-passphrase',
  runbook: 'change-passphrase',
  summary: 'replaces the passphrase and the salt in two rounds of restarts',
  run: (context) =>
    changeSetting(context, {
      keys: { JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'an-old-salt-of-22-bytes' },
      variables: {},
      rounds: ['add-new-passphrase', 'use-new-passphrase'],
      verification: 'print-kid',
      removal: 'remove-old-passphrase',
    }),
};
