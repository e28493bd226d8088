import { changeSetting } from './change-setting.js';
import type { Drill } from './drill.js';

/** The operator replaces the issuer. */
export const changeIssuerDrill: Drill = {
  name: 'change-issuer',
  runbook: 'change-issuer',
  summary: 'replaces the issuer in two rounds of restarts',
  run: (context) =>
    changeSetting(context, {
      variables: { NEW_ISSUER: 'https://login.example.com' },
      rounds: ['add-new-issuer', 'use-new-issuer'],
      verification: 'print-issuer',
      removal: 'remove-old-issuer',
    }),
};
