import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { load, loadAll } from 'js-yaml';
import * as z from 'zod';

/** Directory of the gateway, which contains the Dockerfile, `compose.yaml` and `deploy`. */
export const GATEWAY = fileURLToPath(new URL('../../examples/gateway', import.meta.url));

const labels = z.record(z.string(), z.string());
const selector = z.object({ matchLabels: labels });
const port = z.union([z.string(), z.number()]);
const probe = z.object({ httpGet: z.object({ path: z.string(), port }) });
const policyPorts = z.object({ ports: z.array(z.object({ protocol: z.string(), port })) });
const container = z.object({
  image: z.string(),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  envFrom: z.array(
    z.object({
      configMapRef: z.object({ name: z.string() }).optional(),
      secretRef: z.object({ name: z.string(), optional: z.boolean().optional() }).optional(),
    }),
  ),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  startupProbe: probe,
  readinessProbe: probe,
  livenessProbe: probe,
  volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean() })),
});

export const deploymentShape = z.object({
  spec: z.object({
    replicas: z.number(),
    selector,
    template: z.object({
      metadata: z.object({ labels, annotations: labels }),
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.object({ runAsUser: z.number(), runAsGroup: z.number(), fsGroup: z.number() }),
        topologySpreadConstraints: z.array(z.object({ labelSelector: selector })),
        containers: z.tuple([container]),
        volumes: z.array(z.object({ name: z.string(), secret: z.object({ secretName: z.string() }) })),
      }),
    }),
  }),
});
export const serviceShape = z.object({
  spec: z.object({
    selector: labels,
    ports: z.array(z.object({ name: z.string(), targetPort: z.string() })),
  }),
});
export const budgetShape = z.object({ spec: z.object({ minAvailable: z.number(), selector }) });
export const policyShape = z.object({
  spec: z.object({ podSelector: selector, ingress: z.array(policyPorts), egress: z.array(policyPorts) }),
});
export const settingsShape = z.object({ metadata: z.object({ name: z.string() }), data: labels });
export const secretShape = z.object({ metadata: z.object({ name: z.string() }), stringData: labels });
export const composeShape = z.object({
  services: z.record(
    z.string(),
    z.object({
      user: z.string(),
      read_only: z.literal(true),
      cap_drop: z.tuple([z.literal('ALL')]),
      security_opt: z.tuple([z.literal('no-new-privileges:true')]),
      stop_grace_period: z.string().optional(),
      environment: labels.optional(),
      secrets: z.array(z.string()).optional(),
      volumes: z.array(z.string()),
      networks: z.array(z.string()),
    }),
  ),
  networks: z.record(z.string(), z.unknown()),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});
const kustomizationShape = z.object({ resources: z.array(z.string()) });
const kindShape = z.object({ kind: z.string() });

const ajv = new Ajv({ allErrors: true, strict: false });

function readSchema(name: string): object {
  return JSON.parse(readFileSync(new URL(`schemas/${name}.json`, import.meta.url), 'utf8'));
}

/** Returns the faults of a document by the JSON schema of its file or kind. */
export function findFaults(validate: ValidateFunction, document: unknown): readonly string[] {
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  );
}

const kubernetes = ajv.addSchema(readSchema('kubernetes'), 'kubernetes');

export function validateKind(kind: string): ValidateFunction {
  return kubernetes.compile({ $ref: `kubernetes#/definitions/${kind}` });
}

export const validateCompose = ajv.compile(readSchema('compose'));

/** Reads all documents of a YAML file in `deploy/kubernetes`, by kind. */
export function readManifests(path: string): readonly (readonly [kind: string, document: unknown])[] {
  const documents = loadAll(readFileSync(join(GATEWAY, 'deploy/kubernetes', path), 'utf8'));
  return documents.map((document) => [kindShape.parse(document).kind, document]);
}

/** Reads all resources of a kustomization. */
export function readResources(path: string): readonly (readonly [kind: string, document: unknown])[] {
  const [kustomization] = readManifests(path);
  const { resources } = kustomizationShape.parse(kustomization?.[1]);
  return resources.flatMap((resource) => readManifests(join(dirname(path), resource)));
}

export function readCompose(): unknown {
  return load(readFileSync(join(GATEWAY, 'compose.yaml'), 'utf8'));
}
