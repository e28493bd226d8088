import * as v from 'valibot';
import { flag } from './flag.js';
import { isWorkloadIssuer } from './is-workload-issuer.js';
import { mapping } from './mapping.js';
import { type ClaimConditions, isClaimConditions } from './matches-conditions.js';
import { isSubjectPattern } from './matches-subject.js';
import { text } from './text.js';

const workload = v.pipe(
  mapping(
    {
      issuer: v.pipe(
        text(512),
        v.check(
          (value) => isWorkloadIssuer(value),
          'must be the iss of the JWTs as an https URL (http on loopback only), or a trust domain such as spiffe://acme.example',
        ),
      ),
      subject: v.pipe(
        text(512),
        v.check((value) => isSubjectPattern(value), 'must have at most one * between two separators / or :'),
      ),
      users: v.optional(flag, 'false'),
      claims: v.optional(
        v.custom<ClaimConditions>(
          (value) => isClaimConditions(value),
          'must be a mapping of claims to non-empty strings, or to mappings of their members',
        ),
      ),
    },
    'must be a mapping of issuer, subject, claims and users',
  ),
  v.check(
    ({ subject, claims }) => claims !== undefined || /[^*/:]/.test(subject),
    'must have claims if subject contains only wildcards, because any identity of the issuer would match',
  ),
);

/** Schema for the field `workloads`: the workload identities of an API key. Default: an empty list. */
export const workloads = v.optional(
  v.pipe(v.array(workload, 'must be a list'), v.maxLength(256, 'must have at most 256 entries')),
  () => [],
);
