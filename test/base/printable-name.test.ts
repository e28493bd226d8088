import { describe, expect, test } from '@jest/globals';
import { formatPath } from '../../src/api-keys/format-path.js';
import { apiKeySchema } from '../../src/api-keys/schema.js';
import { isPrintableName, isPrintableVariable } from '../../src/base/printable-name.js';

/** Every name of a field, at every depth: `mapping()` keeps its fields as metadata. */
function fieldsOf(schema: unknown): readonly string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('fields' in node) found.push(...Object.keys(Object(node.fields)));
    for (const value of Object.values(node)) visit(value);
  };
  visit(schema);
  return found;
}

const SECRETS = [
  'sk_live_4eC39HqLyjWDarjtT1zdp7dc',
  'api_key:sk_live_4eC39HqLyjWDarjtT1zdp7dc',
  'sk-ant-api03-Zx8',
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'AKIAIOSFODNN7ABCDEFG',
  'hunter2',
  'correct horse battery staple',
  'correcthorsebatterystaple',
  'Tr0ub4dor&3',
  'c4n4ry',
  'd41d8cd98f00b204e9800998ecf8427e',
  'D41D8CD98F00B204E9800998ECF8427E',
  'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U',
  'eyJhbGciOiJkaXIifQ',
  '',
];

describe('a name that messages print', () => {
  test('is every name of a field of API key files', () => {
    const fields = fieldsOf(apiKeySchema);

    expect(fields).toContain('concurrent_requests');
    expect(fields.filter((name) => formatPath([name]) !== name)).toEqual([]);
  });

  test.each(['extra', 'max_token', 'credentialRequired', 'read:documents', 'customer_id', 'pathh'])(
    'is %s, as people name things',
    (name) => {
      expect(isPrintableName(name)).toBe(true);
    },
  );

  test.each(SECRETS)('is never the secret %j', (secret) => {
    expect(isPrintableName(secret)).toBe(false);
  });
});

describe('the name of an environment variable that messages print', () => {
  test.each(['OPENAI_API_KEY', 'KEY', 'JWE_KEYS_FILE', 'S3_KEY_1', 'KEY2', '_PRIVATE', 'DATABASE_URL'])(
    'is %s, as people name them',
    (name) => {
      expect(isPrintableVariable(name)).toBe(true);
    },
  );

  test.each(SECRETS)('is never the secret %j', (secret) => {
    expect(isPrintableVariable(secret)).toBe(false);
  });
});
