// biome-ignore-all lint/suspicious/noTemplateCurlyInString: templates that nobody replaced
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { generateApiKey } from '../../src/api-keys/generate-api-key.js';
import { hasWrapping, isPlaceholder } from '../../src/api-keys/placeholder.js';
import { failuresOf } from '../support/failures-of.js';

const PLACEHOLDERS: readonly [string, string][] = [
  ['a shell', '$ENTERPRISE_API_KEY'],
  ['a shell, in braces', '${ENTERPRISE_API_KEY}'],
  ['a shell, with a default', '${ENTERPRISE_API_KEY:-none}'],
  ['a shell, behind a prefix', 'sk-${OPENAI_KEY}'],
  ['a shell, behind a prefix without braces', 'Bearer $OPENAI_API_KEY'],
  ['a shell, in lower case', '$openai_api_key'],
  ['a shell command', '$(cat /run/secrets/api-key)'],
  ['a shell command in backticks', '`pass show api-key`'],
  ['Make and Azure Pipelines', '$(ApiKey)'],
  ['an expression of Azure Pipelines', '$[variables.apiKey]'],
  ['PowerShell', '$env:API_KEY'],
  ['PHP', '$apiKey'],
  ['cmd.exe', '%ENTERPRISE_API_KEY%'],
  ['Helm', '{{ .Values.apiKey }}'],
  ['Helm, with quotes', '{{ .Values.apiKey | quote }}'],
  ['Helm, cut off', '{{ .Values.apiKey'],
  ['Jinja and Ansible', '{{ vault_api_key }}'],
  ['Jinja, a statement', '{% include "key" %}'],
  ['Mustache', '{{{api_key}}}'],
  ['GitHub Actions', '${{ secrets.API_KEY }}'],
  ['GitHub Actions, without braces', 'secrets.API_KEY'],
  ['CloudFormation, dynamic', '{{resolve:secretsmanager:MySecret:SecretString:key}}'],
  ['CloudFormation, a reference in quotes', '!Ref ApiKey'],
  ['CloudFormation, a substitution in quotes', '!Sub ${ApiKey}'],
  ['Terraform', 'var.api_key'],
  ['Ruby and Octopus', '#{ApiKey}'],
  ['Replace Tokens', '#{API_KEY}#'],
  ['Replace Tokens, with underscores', '__API_KEY__'],
  ['ERB and EJS', '<%= api_key %>'],
  ['Autoconf and Maven', '@API_KEY@'],
  ['LiteLLM', 'os.environ/OPENAI_API_KEY'],
  ['Python', 'os.environ["API_KEY"]'],
  ['Python, a call', 'os.getenv("API_KEY")'],
  ['Node.js', 'process.env.API_KEY'],
  ['Vite', 'import.meta.env.VITE_API_KEY'],
  ['Java', 'System.getenv("API_KEY")'],
  ['a prefix for the environment', 'env:API_KEY'],
  ['a path in the environment', 'env.API_KEY'],
  ['a URL of the environment', 'env://API_KEY'],
  ['Vault', 'vault:secret/data/app#api_key'],
  ['Vault, encrypted', 'vault:v1:8SDd3WHDOjf7mq69CyCqYjBXAiQQAVZRkFM13ok481zoCmHnSeDX9vyf7w=='],
  ['vals', 'ref+vault://secret/app#/api_key'],
  ['1Password', 'op://vault/item/api-key'],
  ['AWS Secrets Manager', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:api-key-AbCdEf'],
  ['AWS Systems Manager', 'ssm:/prod/api-key'],
  ['Google Secret Manager', 'projects/my-project/secrets/api-key/versions/latest'],
  ['Azure Key Vault', '@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/key)'],
  ['Docker secrets', '/run/secrets/api_key'],
  ['SOPS', 'ENC[AES256_GCM,data:4bZ3,iv:x,tag:y,type:str]'],
  ['Jasypt', 'ENC(nrmZtkF7T0kjG/VodDvBw93Ct8EgjCA+)'],
  ['Spring Cloud Config', '{cipher}AQA6EIAJt0KdZuOg'],
  ['Ansible Vault', '$ANSIBLE_VAULT;1.1;AES256'],
  ['a README', '<your-api-key-goes-here>'],
  ['a README, behind a prefix', 'sk-<your key>'],
  ['a README, in brackets', '[your API key]'],
  ['a README, in two brackets', '[[api_key]]'],
  ['a README, in a brace', '{api_key}'],
  ['an example', 'your-api-key'],
  ['an example, with a provider', 'YOUR_OPENAI_API_KEY_HERE'],
  ['an example, with a prefix', 'sk-your-secret-key'],
  ['an example, that asks', 'insert-your-api-key-here'],
  ['an example, where', 'api-key-goes-here'],
  ['an example, mine', 'my-secret-api-key'],
  ['an example, so called', 'example-api-key'],
  ['an example of AWS', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
  ['a default', 'changeme'],
  ['a default, with hyphens', 'please-change-me'],
  ['a default, in capitals', 'REPLACE_ME'],
  ['a default, and by what', 'replace-with-your-token'],
  ['a note', 'TODO'],
  ['a note, with a noun', 'PLACEHOLDER_KEY'],
  ['a filler', 'xxxx'],
  ['a filler, with a prefix', 'sk-xxxxxxxxxxxxxxxxxxxxxxxx'],
  ['a filler, with two prefixes', 'sk_live_XXXXXXXXXXXX'],
  ['a filler, a UUID', 'xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx'],
  ['a filler, with asterisks', '****************'],
  ['a filler, with dots', 'sk-...'],
  ['a redaction', '[REDACTED]'],
  ['a redaction, in brackets', '<redacted>'],
  ['the name of a variable', 'OPENAI_API_KEY'],
  ['a template that rendered nothing', '<no value>'],
  ['a template that rendered null', 'null'],
  ['a template that rendered undefined', 'undefined'],
  ['Python that rendered None', 'None'],
  ['JavaScript that rendered an object', '[object Object]'],
  ['an env file that kept the quotes', '"$API_KEY"'],
  ['an env file that kept the quotes of a default', "'changeme'"],
  ['white space', '   '],
  ['empty quotes', '""'],
];

/** Random text of the lengths and alphabets that providers use; the prefixes are theirs. */
const REAL_KEYS: readonly [string, string][] = [
  ['OpenAI', 'sk-T7vJ2mQx9LbR4kWz8NcYT3BlbkFJh5GdP1sVfAo6UeXy'],
  ['OpenAI, of a project', 'sk-proj-9Zk_4Xw-L2mQvR7bT1yN5cJ8hG3dF6sA0pE_iUoKxVqMz-B'],
  ['Anthropic', 'sk-ant-api03-q8Wm3Zt_7LxPvR2kNcY5bJ9hG-dF4sA1oE6iUyTuBzX-QAAA'],
  ['GitHub', 'ghp_8mQx2LbR4kWz9NcYT3vJh5GdP1sVfAo6UeXy'],
  ['GitHub, fine-grained', 'github_pat_11ABCDEFG0q8Wm3Zt7LxPv_R2kNcY5bJ9hGdF4sA1oE6iUyTuBzX'],
  ['GitLab', 'glpat-x7Vd9Lm2Qk4RtYbNcW8z'],
  ['Slack, a bot', 'xoxb-1234567890-9876543210987-aB3dE5fG7hI9jK1lM3nO5pQ7'],
  ['Slack, a user', 'xoxp-2468101214-1357911131-8642097531-abc123def456abc123def456abc12345'],
  ['AWS', 'AKIA5QZ7XKJ3MVNB2RTY'],
  ['AWS, secret', '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'],
  ['SendGrid', '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'],
  ['Stripe', 'rk_live_51HqLyjWDarjtT1zdp7dcabcdEFGH'],
  ['Google', 'AIzaSyD8q8Wm3Zt7LxPvR2kNcY5bJ9hGdF4sA1o'],
  ['Mailgun', 'key-3ax6xnjp29jd6fds4gc373sgvjxteol0'],
  ['Twilio', 'SK9f8e7d6c5b4a39281706f5e4d3c2b1a0'],
  ['Telegram', '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw'],
  ['Discord', 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs'],
  ['Hugging Face', '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'],
  ['Replicate', 'r8_Lm2Qk4RtYbNcW8zx7Vd9sA1oE6iUyTuBzXmQ0'],
  ['Groq', 'gsk_q8Wm3Zt7LxPvR2kNcY5bWGdyb3FYJ9hGdF4sA1oE6iUyTuBzX'],
  ['xAI', 'xai-q8Wm3Zt7LxPvR2kNcY5bJ9hGdF4sA1oE6iUyTuBzX'],
  ['fal', '6a1f0b52-93cd-4e77-8a20-5d9be4c1f803:9f8e7d6c5b4a39281706f5e4d3c2b1a0'],
  ['npm', 'npm_q8Wm3Zt7LxPvR2kNcY5bJ9hGdF4sA1oE6iUy'],
  ['PyPI', 'pypi-AgEIcHlwaS5vcmcCJGZhNzM4ZjE1LTQzZWItNGY5ZA'],
  ['DigitalOcean', 'dop_v1_9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0'],
  ['Shopify', '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'],
  ['Vault, a token', 'hvs.CAESIJ9hGdF4sA1oE6iUyTuBzXmQ2LbR4kWz9NcYT3vJh5GdP'],
  ['Datadog', '9f8e7d6c5b4a39281706f5e4d3c2b1a0'],
  ['Sealed with base64 of SAP', 'AgBy3i4OJSWK+PiTySYZZA9rO43cGDEq=='],
  ['Sentry', 'https://9f8e7d6c5b4a3928@o4505.ingest.sentry.io/4505123'],
  ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'],
  [
    'a JWE',
    'eyJhbGciOiJkaXIifQ..48V1_ALb6US04U3b.5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX.XFBoMYUZodetZdvTiFvSkQ',
  ],
  ['bcrypt', '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'],
  ['argon2', '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub'],
  ['a digest', `sha256:${'0f'.repeat(32)}`],
  ['a UUID', '6a1f0b52-93cd-4e77-8a20-5d9be4c1f803'],
  ['a ULID', '01ARZ3NDEKTSV4RRFFQ69G5FAV'],
  ['base32', 'MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U'],
  ['base64 that ends in two signs', 'dGhpcyBpcyByYW5kb20gdGV4dCBvZiBhIGtleQ=='],
  ['base64 that begins with a slash', '/run/q8Wm3Zt7LxPvR2kNcY5bJ9hG+dF4sA1oE6i='],
  ['a dollar sign at the beginning', '$k9Xw2!vQ7mL4zR8tB1nY'],
  ['a dollar sign and letters', '$aKxWqvQmLzRtBnYhJdFgSpEoUi'],
  ['a dollar sign and a brace', 'k9$Xw{2vQ7mL4zR8tB1nY'],
  ['percent signs', '%k9Xw2%vQ7mL4%zR8tB1nY'],
  ['angle brackets', 'k9<Xw2vQ7>mL4zR8tB1nY'],
  ['angle brackets around it all but a sign', '<k9Xw2vQ7mL4zR8tB1nY>!'],
  ['braces in the middle', 'k9{Xw2vQ7mL4zR}8tB1nY'],
  ['square brackets', 'k9[Xw2vQ7mL4zR]8tB1nY'],
  ['at signs', '@k9Xw2vQ7@mL4zR8tB1nY'],
  ['a hash and a brace', 'k9#{7Xw2vQ7mL4z}R8tB1nY'],
  ['a backtick', '`k9Xw2vQ7mL4zR8tB1nY'],
  ['an exclamation mark', '!k9Xw2vQ7mL4zR8tB1nY'],
  ['a tilde', '~k9Xw2vQ7mL4zR8tB1nY~'],
  ['underscores around it', '__k9Xw2vQ7mL4zR8tB1nY__'],
  ['a quote at one end', '"k9Xw2vQ7mL4zR8tB1nY'],
  ['words of a passphrase', 'correct horse battery staple secure'],
  ['words of a passphrase with hyphens', 'turnkey-monkey-donkey-hockey'],
  ['the word example within', 'k9Xw2-example-vQ7mL4zR8tB1nY'],
  ['the word your within', 'k9Xw2yourvQ7mL4zR8tB1nY'],
  ['the word key at the end', 'k9Xw2vQ7mL4zR8tB1nY-key'],
  ['the word todo within', 'k9Xw2todovQ7mL4zR8tB1nY'],
  ['three letters x within', 'k9Xw2xxxvQ7mL4zR8tB1nY'],
  ['a text that is easy to guess', 'k-1'],
];

describe('a placeholder', () => {
  test('is found in every spelling', async () => {
    const failures = await failuresOf(PLACEHOLDERS, ([_, text]) => {
      expect(isPlaceholder(text)).toBe(true);
    });

    expect(failures).toEqual([]);
  });

  test('is found in more than thirty spellings', () => {
    expect(PLACEHOLDERS.length).toBeGreaterThanOrEqual(30);
  });
});

describe('a key', () => {
  test('of any provider is no placeholder', async () => {
    const failures = await failuresOf(REAL_KEYS, ([_, key]) => {
      expect(isPlaceholder(key)).toBe(false);
    });

    expect(failures).toEqual([]);
  });

  test('that looks odd is accepted in more than thirty spellings', () => {
    expect(REAL_KEYS.length).toBeGreaterThanOrEqual(30);
  });

  const encodings: readonly [string, (bytes: Buffer) => string][] = [
    ['base64', (bytes) => bytes.toString('base64')],
    ['base64url', (bytes) => bytes.toString('base64url')],
    ['hexadecimal digits', (bytes) => bytes.toString('hex')],
    ['upper-case hexadecimal digits', (bytes) => bytes.toString('hex').toUpperCase()],
    ['printable ASCII', (bytes) => [...bytes].map((byte) => String.fromCharCode(33 + (byte % 94))).join('')],
    ['a dollar sign and base64url', (bytes) => `$${bytes.toString('base64url')}`],
  ];

  test.each(encodings)('of 24 random bytes in %s is no placeholder, 5000 times', (_, encode) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const bytes = createHash('sha256').update(`${seed}`).digest().subarray(0, 24);
        expect(isPlaceholder(encode(bytes))).toBe(false);
      }),
      { seed: 20_261_129, numRuns: 5000 },
    );
  });

  test('that was generated is no placeholder', () => {
    for (const prefix of ['acme', 'sk', 'env', 'secret', 'example', 'your', 'todo', 'xxx']) {
      expect(isPlaceholder(generateApiKey({ prefix }))).toBe(false);
    }
  });

  test('of 4096 characters is checked quickly', () => {
    const startedAt = performance.now();
    for (const unit of ['<', '{{', 'your', 'in', 'a', '_A', '$A_', 'x-', 'key', ' ', '"']) {
      isPlaceholder(unit.repeat(4096 / unit.length));
    }
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(isPlaceholder(randomBytes(3072).toString('base64'))).toBe(false);
  });
});

describe('the value of a variable', () => {
  test.each(['"k"', "'k'", ' k', 'k ', 'k\n', '\tk', '" k"', '""'])(
    'has something around it in %j',
    (value) => {
      expect(hasWrapping(value)).toBe(true);
    },
  );

  test.each(['k', 'k k', '"k', "k'", `"k'`, 'k"k', '`k`', ''])('has nothing around it in %j', (value) => {
    expect(hasWrapping(value)).toBe(false);
  });
});
