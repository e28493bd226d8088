import { TENANT, tenantOf } from './provider-shapes.js';
import type { IdentityProviders, ResolvedIdentityProvider } from './resolve-identity-providers.js';

/** Find the provider of an issuer that an API key lists: by the exact issuer, or as a tenant of a multi-tenant provider. */
export function findIdentityProvider(
  providers: IdentityProviders,
  issuer: string,
): ResolvedIdentityProvider | undefined {
  const all = [...providers.values()];
  const exact = all.find((provider) => provider.issuer === issuer);
  const tenant = tenantOf(issuer);
  if (exact !== undefined || tenant === undefined || tenant === TENANT) return exact;
  const template = issuer.replace(`/${tenant}/`, `/${TENANT}/`);
  return all.find((provider) => provider.type === 'entra' && provider.issuer === template);
}

/** Return the name of the directory to which the provider of an issuer is linked. */
export function directoryOfIssuer(providers: IdentityProviders, issuer: string): string | undefined {
  const groups = findIdentityProvider(providers, issuer)?.groups;
  return groups?.from === 'directory' ? groups.link.name : undefined;
}
