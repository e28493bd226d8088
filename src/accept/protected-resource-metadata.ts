import type { RequestHandler } from 'express';
import { assertOptions, type KnownOptions } from '../base/options.js';
import type { CorsOptions } from '../http/answer-cors.js';
import { type ServedDocument, serveMetadata } from '../http/serve-metadata.js';
import { wellKnownUrl } from '../http/well-known-url.js';
import {
  describeProtectedResource,
  PROTECTED_RESOURCE,
  type ProtectedResource,
} from './protected-resource.js';
import { WELL_KNOWN_NAME } from './protected-resource-url.js';

/** Several protected resources, each with a metadata document. */
export interface SeveralProtectedResources {
  /** Protected resources with different URLs, at least one. */
  readonly resources: readonly ProtectedResource[];
}

/** Options of `protectedResourceMetadata()`: one protected resource or several, and the web pages that may read them. */
export type ProtectedResourceMetadataOptions = (ProtectedResource | SeveralProtectedResources) & {
  /**
   * Web pages that may read the documents.
   *
   * @default undefined (no page of another origin)
   */
  readonly cors?: CorsOptions;
};

const KNOWN: KnownOptions<ProtectedResource & SeveralProtectedResources & { cors?: CorsOptions }> = {
  ...PROTECTED_RESOURCE,
  resources: true,
  cors: true,
};

/**
 * Middleware that publishes the protected resource metadata of one API, or of several. Mount it at the root of the
 * application. It serves each document at `protectedResourceUrl(resource)`.
 *
 * @throws TypeError if an option is missing, unknown or malformed, or two resources have the same URL
 * @see RFC 9728
 *
 * @example
 * const authorizationServers = ['https://auth.example.com'];
 * app.use(protectedResourceMetadata({ resource: 'https://api.example.com', authorizationServers }));
 *
 * @example
 * const authorizationServers = ['https://auth.example.com'];
 * const resources = ['https://api.example.com/reports', 'https://api.example.com/files'];
 * app.use(
 *   protectedResourceMetadata({ resources: resources.map((resource) => ({ resource, authorizationServers })) }),
 * );
 */
export function protectedResourceMetadata(options: ProtectedResourceMetadataOptions): RequestHandler {
  assertOptions(options, KNOWN, 'protectedResourceMetadata');
  const documents =
    'resources' in options ? serveEach(options) : [serveOne(options, 'protectedResourceMetadata: ')];
  return serveMetadata({ documents, cors: options.cors, where: 'protectedResourceMetadata' });
}

function serveEach(options: SeveralProtectedResources): readonly ServedDocument[] {
  const { resources } = options;
  const single = Object.keys(PROTECTED_RESOURCE).find((name) => Object.hasOwn(options, name));
  if (single !== undefined)
    throw new TypeError(
      `protectedResourceMetadata: ${single} must not be next to resources: put it into each resource`,
    );
  if (!Array.isArray(resources) || resources.length === 0)
    throw new TypeError(
      'protectedResourceMetadata: resources must be a non-empty array, for example [{ resource, authorizationServers }]',
    );
  const documents = resources.map((resource, index) => {
    assertOptions(resource, PROTECTED_RESOURCE, `protectedResourceMetadata: resources[${index}]`);
    return serveOne(resource, `protectedResourceMetadata: resources[${index}].`);
  });
  assertDifferent(documents);
  return documents;
}

function serveOne(options: ProtectedResource, where: string): ServedDocument {
  const document = describeProtectedResource(options, where);
  const url = wellKnownUrl(options.resource, WELL_KNOWN_NAME, `${where}resource`);
  return { url, send: (res) => void res.json(document) };
}

/** Assert that all documents have different paths or queries, because requests are not compared by host. */
function assertDifferent(documents: readonly ServedDocument[]): void {
  const targets = documents.map(({ url }) => url.pathname + url.search);
  const repeated = targets.findIndex((target, index) => targets.indexOf(target) !== index);
  if (repeated !== -1)
    throw new TypeError(
      `protectedResourceMetadata: resources[${repeated}].resource must differ from all others in the path or query: remove it`,
    );
}
