import { describe, expect, test } from '@jest/globals';
import { auth0 } from '../../../src/verify/presets/auth0.js';
import { applyDefaults } from '../../../src/verify/presets/define-preset.js';
import { oidcProvider } from '../../../src/verify/presets/oidc-provider.js';
import { okta } from '../../../src/verify/presets/okta.js';
import { openIddict } from '../../../src/verify/presets/open-iddict.js';
import { createProviderParties } from '../../support/providers/provider-parties.js';
import { untypedValue } from '../../support/untyped.js';

const { decryption } = await createProviderParties({ encryption: 'api-1', signature: 'key' });
const PRESETS = [
  ['auth0', auth0, 'https://example.eu.auth0.com/'],
  ['okta', okta, 'https://example.okta.com/oauth2/default'],
  ['openIddict', openIddict, 'https://auth.example.com/'],
  ['oidcProvider', oidcProvider, 'https://auth.example.com'],
] as const;
const OPTIONS = { audience: 'https://api.example.com', scopes: [], decryption };

describe.each(PRESETS)('%s', (name, preset, issuer) => {
  test('describes an issuer without verification keys, which are discovered', () => {
    expect(preset({ ...OPTIONS, issuer }).issuer).toBe(issuer);
  });

  test.each([[undefined], [{ ...OPTIONS }], [{ ...OPTIONS, issuer: 'example' }]])(
    'names itself if the options are %j',
    (options) => {
      expect(() => untypedValue(preset)(options)).toThrow(new RegExp(`^${name}: `));
    },
  );

  test('names an unknown option', () => {
    expect(() => untypedValue(preset)({ ...OPTIONS, issuer, scope: [] })).toThrow(
      `${name}: unknown option scope;`,
    );
  });

  test('lets the discovery reject an issuer in plain text', () => {
    const insecure = issuer.replace(/https:..[^/]+/, 'http://127.0.0.1:9');

    expect(() => preset({ ...OPTIONS, issuer: insecure })).toThrow('set allowPrivate to true');
  });
});

test('applyDefaults treats undefined as absent', () => {
  const options: { readonly one?: number | undefined; readonly two?: number } = { one: undefined, two: 2 };

  expect(applyDefaults(options, { one: 1, two: 1 })).toEqual({ one: 1, two: 2 });
});
