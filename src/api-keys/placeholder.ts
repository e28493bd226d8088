/** Patterns for a whole string: expressions that a template engine, a shell or an orchestrator should have replaced. */
const WHOLE: readonly RegExp[] = [
  // Shells, Make, PowerShell and cmd.exe: $NAME, $env:NAME, $(command), `command`, %NAME%. Random text does not match.
  /^\$(?:[A-Z]{2,16}\d{0,2}(?:_[A-Z\d]{1,16})*|[a-z]{2,14}(?:_[a-z]{1,14})+|[a-z]{2,10}(?:[A-Z][a-z]{2,12})+)$/,
  /^\$(?:env|Env|ENV|secret|secrets|vars?):\w+$/,
  /^\$\{[^{}]*\}$/,
  /^\$\([A-Za-z][^()]*\)$/,
  /^\$\[.*\]$/,
  /^`[a-z][\w ./:-]*`$/,
  /^%[A-Za-z][\w.()-]*%$/,
  // Bracketed names to be filled in: <key>, [[key]], [key], {key}.
  /^<[A-Za-z][\w .,:'-]*>$/,
  /^\[\[.*\]\]$/,
  /^\[[A-Za-z][A-Za-z _.-]*\]$/,
  /^\{[A-Za-z][A-Za-z_.-]*\}$/,
  // Token replacement of Ant, Maven, Autoconf, Azure Pipelines and Octopus: @NAME@, __NAME__, #{NAME}#.
  /^@[A-Za-z][\w.-]*@$/,
  /^__[A-Za-z][A-Za-z_]*__$/,
  /^#\{.*\}#?$/,
  // Variable lookups in code: os.environ/NAME (LiteLLM), process.env.NAME, getenv("NAME"), env.NAME, ENV['NAME'].
  /^(?:os\.environ|process\.env|import\.meta\.env|System\.getenv|Deno\.env|Bun\.env|os\.getenv|getenv)\b/i,
  /^(?:env|Env|ENV|environ|environment)(?:[:./]\/{0,2}(?:[A-Z]{2,16}\d{0,2}(?:_[A-Z\d]{1,16})*|[a-z]{2,14}(?:[_A-Z][a-z]{1,14})*)|\[.*\]|\(.*\)|\{.*\})$/,
  /^(?:secrets?|vars?|local|data|params?|parameters|config|inputs?|values|context|stage[Vv]ariables)\.[A-Za-z][A-Za-z_]*(?:\.[A-Za-z][A-Za-z_]*)*$/,
  // References to secrets in a secret manager.
  /^(?:vault|secretref|secrets?|keyvault|azurekeyvault|awskms|aws-?ssm|aws-?sm|aws-?secrets(?:manager)?|ssm|secretsmanager|gcpsm|gcp-?secrets?(?:manager)?|gcpkms|doppler|infisical|bitwarden|keyring|keychain|sops|conjur|berglas|akeyless|1password|onepassword):[/\w]/,
  /^(?:op|sm|bws?|pass|lpass|kms|akv|azkv|gcp-sm|k8s|chamber|file|cmd|exec):\/\//,
  /^ref\+/i,
  /^arn:aws[a-z-]*:/,
  /^(?:\/\/secretmanager\.googleapis\.com\/)?projects\/[^/]+\/(?:locations\/[^/]+\/)?secrets\/[^/]+/,
  /^@Microsoft\.(?:KeyVault|AppConfiguration)\(/i,
  /^(?:\/var)?\/run\/secrets\//,
  // Quoted template functions and YAML tags, and encrypted values.
  /^!(?:Ref|Sub|GetAtt|ImportValue|Join|reference|vault|env|secret|var|ENV|include|encrypted)(?:[\s:/]|$)/,
  /^(?:ENC|CRYPT|SEC)[[({]/,
  /^\{(?:cipher|vault|env|secret|ssm|file)\}/i,
  /^\$ANSIBLE_VAULT;/,
  // Missing values as rendered by templates and languages.
  /^(?:null|undefined|nil|None|NaN|~|true|false|\[object Object\])$/,
];

/** Patterns for a substring, as in `sk-${NAME}`. */
const ANYWHERE: readonly RegExp[] = [
  /\$\{(?:[A-Z]{2,16}|[a-z]{2,14})[\w.]*(?:[:\-?+=][^}]*)?\}/,
  /\$[A-Z]{2,16}(?:_[A-Z\d]{1,16})*_(?:KEY|TOKEN|SECRET|PASSWORD)(?![A-Za-z\d])/,
  /\{\{\{?[\w.$-]{3,}\}\}|\{\{[^{}]*\s[^{}]*\}\}|\{\{[a-z]+:[^{}]*\}\}|^\{\{-?\s/,
  /\{%-?\s[^{}]*%\}/,
  /<%[-=#]?\s.*%>|<%=?[\w.]{3,}%>/,
  /#\{(?:[A-Z]{2,16}(?:_[A-Z]{2,16})+|[A-Za-z][a-z]{2,14}[A-Za-z_.]*)\}/,
  /<[^<>]*(?:your|key|token|secret|passw|replace|insert|value|here)[^<>]*>/i,
  /\[[^[\]]*\b(?:your|redacted|replace|insert)\b[^[\]]*\]/i,
  // Suffix of sample access keys in the AWS documentation.
  /EXAMPLE(?:KEY)?$/,
];

/** Pattern for a variable name without a sigil, such as `OPENAI_API_KEY`. */
const BARE_VARIABLE = /^[A-Z]{2,16}(?:_[A-Z\d]{1,16})*_(?:KEY|TOKEN|SECRET|PASSWORD|PASS|CREDENTIALS?)$/;

/** Pattern for filler characters: `xxxx`, `sk-xxxxxxxx`, `ghp_XXXX`, `****`, `sk-...`, and UUIDs of `x` or `*`. */
const FILLER = /^(?:[A-Za-z\d]{1,12}[-_]){0,4}(?:[xX]{3,}|[*•]{3,}|\.{3,}|…|[xX*]{2,}(?:-[xX*]{2,})+)$/;

/** Patterns for placeholders such as `changeme`, matched in lower case and without separators. */
const STAND_INS: readonly RegExp[] = [
  /^(?:sk|pk|api|key)?(?:please)?(?:change|replace|update|edit|set)(?:me|it|this|here|now|immediately|please|inproduction|inprod|beforeuse)+\d{0,4}$/,
  /^(?:please)?(?:change|replace|fill|insert|enter|put|paste|add|provide|set)(?:in|this|with|me)*(?:your|the|a|an|real|actual|own|my|api|secret|key|token|value|here|in)+$/,
  /your(?:own|real|actual|secret|private|personal|new|production|[a-z]{0,16})(?:api|secret|access|auth|client)*(?:key|token|secret|password|credential)s?(?:goes|here|please|id|value|\d{1,3})*$/,
  /^(?:the|my|an?|some|super|very|secret|api|access|auth|client|private)*(?:key|token|secret|value)(?:goes|belongs|is)*here$/,
  /^(?:my|some|an?)(?:super|very|secret|api|access|auth|private)*(?:key|token)$/,
  /^(?:todo|tbd|fixme|placeholder|redacted|removed|masked|hidden|notset|unset|changeit)+(?:key|token|secret|value)?$/,
  /^(?:example|sample|demo|placeholder|dummy|fake)(?:api|secret|access)*(?:key|token|secret|value)$/,
  /^(?:example|sample|apikey|apitoken|apisecret|secretkey|accesstoken)(?:value)?$/,
  /^insert.*here$/,
];

/**
 * Whether a secret in a configuration file is an unresolved placeholder, which every reader of the file knows. Secrets
 * that merely contain `$`, `%`, `<`, `{` or `@` are not placeholders.
 */
export function isPlaceholder(text: string): boolean {
  const bare = withoutQuotes(text);
  if (bare === '') return true;
  if (WHOLE.some((pattern) => pattern.test(bare)) || ANYWHERE.some((pattern) => pattern.test(bare)))
    return true;
  if (BARE_VARIABLE.test(bare) || FILLER.test(bare)) return true;
  const words = bare.toLowerCase().replace(/[\s._/:-]+/g, '');
  return STAND_INS.some((pattern) => pattern.test(words));
}

const QUOTED = /^(["'])(?<inside>.*)\1$/s;

/** Remove enclosing white space and quotes, which some tools do not remove when they read an env file. */
function withoutQuotes(text: string): string {
  const trimmed = text.trim();
  return (QUOTED.exec(trimmed)?.groups?.['inside'] ?? trimmed).trim();
}

/** Whether a value is enclosed in quotes or white space, which some tools do not remove when they read an env file. */
export function hasWrapping(value: string): boolean {
  return value !== value.trim() || QUOTED.test(value);
}
