import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readSettings } from '../../examples/gateway/settings.js';
import {
  budgetShape,
  deploymentShape,
  findFaults,
  GATEWAY,
  policyShape,
  readManifests,
  readResources,
  secretShape,
  serviceShape,
  settingsShape,
  validateKind,
} from '../support/deployment-files.js';
import { readDockerfile, textOf } from '../support/dockerfile.js';
import { settingNames } from '../support/setting-names.js';

const resources = readResources('base/kustomization.yaml');

function find(kind: string): unknown {
  return resources.find(([found]) => found === kind)?.[1];
}

const { spec } = deploymentShape.parse(find('Deployment'));
const pod = spec.template.spec;
const [container] = pod.containers;
const settings = settingsShape.parse(find('ConfigMap'));
const secrets = resources
  .filter(([kind]) => kind === 'Secret')
  .map(([, document]) => secretShape.parse(document));
const portNames = container.ports.map(({ name }) => name);

describe('the Kubernetes manifests', () => {
  test('are valid by the schemas of their kinds', () => {
    const kustomizations = ['base', 'example'].flatMap((name) => readManifests(`${name}/kustomization.yaml`));
    const patches = readManifests('example/settings-patch.yaml');
    const faults = [...resources, ...kustomizations, ...patches].flatMap(([kind, document]) =>
      findFaults(validateKind(kind), document).map((fault) => `${kind}: ${fault}`),
    );

    expect(faults).toEqual([]);
  });

  test('are checked by schemas that reject unknown fields', () => {
    const misspelled = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'x' },
      spec: { selectors: {} },
    };

    expect(findFaults(validateKind('Service'), misspelled)).toHaveLength(1);
  });

  test('contain one of each resource that the gateway needs', () => {
    expect(resources.map(([kind]) => kind).sort()).toEqual([
      'ConfigMap',
      'Deployment',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Secret',
      'Secret',
      'Service',
    ]);
  });

  test('select the pods of the deployment by their labels', () => {
    const { labels } = spec.template.metadata;
    const service = serviceShape.parse(find('Service'));
    const selectors = [
      spec.selector.matchLabels,
      service.spec.selector,
      budgetShape.parse(find('PodDisruptionBudget')).spec.selector.matchLabels,
      policyShape.parse(find('NetworkPolicy')).spec.podSelector.matchLabels,
      ...pod.topologySpreadConstraints.map(({ labelSelector }) => labelSelector.matchLabels),
    ];

    for (const selector of selectors) expect(labels).toMatchObject(selector);
  });

  test('probe, serve and admit ports of the container', () => {
    const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
    const service = serviceShape.parse(find('Service'));
    const { ingress } = policyShape.parse(find('NetworkPolicy')).spec;
    const used = [
      ...probes.map(({ httpGet }) => httpGet.port),
      ...service.spec.ports.map(({ targetPort }) => targetPort),
      ...ingress.flatMap(({ ports }) => ports.map(({ port }) => port)),
    ];

    expect(used.filter((port) => !portNames.includes(String(port)))).toEqual([]);
    expect(probes.map(({ httpGet }) => httpGet.path)).toEqual(['/readyz', '/readyz', '/healthz']);
  });

  test('use the ports of the settings and of the image', () => {
    const image = readDockerfile(join(GATEWAY, 'Dockerfile')).at(-1);
    const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));

    expect(ports).toEqual({
      http: Number(image && textOf(image, 'EXPOSE')),
      metrics: Number(settings.data['METRICS_PORT']),
    });
    expect(spec.template.metadata.annotations['prometheus.io/port']).toBe(settings.data['METRICS_PORT']);
  });

  test('refer to settings, secrets and mounted files that exist', () => {
    const secretNames = secrets.map(({ metadata }) => metadata.name);
    const required = container.envFrom.flatMap(({ configMapRef, secretRef }) =>
      secretRef?.optional === true ? [] : [configMapRef?.name ?? secretRef?.name],
    );
    const directories = new Map(
      container.volumeMounts.map(({ name, mountPath }) => {
        const secretName = pod.volumes.find((volume) => volume.name === name)?.secret.secretName;
        return [mountPath, secrets.find(({ metadata }) => metadata.name === secretName)] as const;
      }),
    );
    const missing = container.env.filter(({ value }) => {
      const slash = value.lastIndexOf('/');
      const key = value.slice(slash + 1);
      return directories.get(value.slice(0, slash))?.stringData[key] === undefined;
    });

    expect(required).toEqual([settings.metadata.name]);
    expect(pod.volumes.map(({ secret }) => secret.secretName).sort()).toEqual(secretNames.sort());
    expect(missing).toEqual([]);
  });

  test('set only variables that the gateway reads, to values that it accepts', () => {
    const names = [...Object.keys(settings.data), ...container.env.map(({ name }) => name)];
    const secretValues = {
      ...{ JWE_PASSPHRASE: 'passphrase', JWE_SALT: 'salt', REDIS_URL: 'redis://redis.example.com' },
      ...{ HOST: '0.0.0.0', API_KEYS_DIR: '/etc/passport-jwe/api-keys' },
    };

    expect(names.filter((name) => !settingNames().has(name))).toEqual([]);
    expect(() => readSettings({ ...settings.data, ...secretValues })).not.toThrow();
  });

  test('give the gateway enough time to shut down', () => {
    const { shutdownDelayMs, shutdownTimeoutMs } = readSettings({
      SHUTDOWN_DELAY_MS: settings.data['SHUTDOWN_DELAY_MS'],
      SHUTDOWN_TIMEOUT_MS: settings.data['SHUTDOWN_TIMEOUT_MS'],
    });

    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(
      shutdownDelayMs + shutdownTimeoutMs + 5000,
    );
  });

  test('run the user of the image', () => {
    const image = readDockerfile(join(GATEWAY, 'Dockerfile')).at(-1);
    const { runAsUser, runAsGroup, fsGroup } = pod.securityContext;

    expect(`${runAsUser}:${runAsGroup}`).toBe(image && textOf(image, 'USER'));
    expect(fsGroup).toBe(runAsGroup);
  });

  test('allow connections to DNS, Redis and providers alone', () => {
    const { egress } = policyShape.parse(find('NetworkPolicy')).spec;

    expect(egress.map(({ ports }) => ports.map(({ protocol, port }) => `${protocol} ${port}`))).toEqual([
      ['UDP 53', 'TCP 53'],
      ['TCP 6379'],
      ['TCP 443'],
    ]);
  });

  test('keep at least one of several instances during disruptions', () => {
    const { minAvailable } = budgetShape.parse(find('PodDisruptionBudget')).spec;

    expect(spec.replicas).toBeGreaterThan(minAvailable);
  });

  test('contain no value of a secret', () => {
    const values = secrets.flatMap(({ stringData }) => Object.values(stringData));

    expect(new Set(values)).toEqual(new Set(['REPLACE_ME']));
  });

  test('have placeholders with which the gateway does not start', () => {
    const values = { JWE_PASSPHRASE: 'REPLACE_ME', JWE_SALT: 'REPLACE_ME', REDIS_URL: 'REPLACE_ME' };
    const read = () => readSettings({ ...settings.data, ...values, PORT: '0', METRICS_PORT: '' });

    expect(read).toThrow('redis://');
  });

  test('read files that the kustomizations list', () => {
    const text = readFileSync(join(GATEWAY, 'deploy/kubernetes/example/kustomization.yaml'), 'utf8');

    expect(text).toContain('- ../base');
    expect(text).toContain(`name: ${container.image}\n`);
    expect(text).toContain('path: settings-patch.yaml');
  });
});
