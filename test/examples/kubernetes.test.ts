// No cluster here: the manifests are held against each other, and the configuration in them against the program.
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse } from 'yaml'
import { ConfigError } from '../../src/config/read.ts'
import { testAuthority } from '../support/certificates.ts'
import { checkConfiguration, exampleCertificates, projectRoot, readExample, writeFiles } from '../support/example.ts'
import { scratchFolder } from '../support/scratch.ts'

const folder = 'kubernetes'
const manifest = (name: string) => parse(readExample(`${folder}/${name}.yaml`))
const [configMap, secret, deployment, service, budget, policy] = [
  'configmap',
  'secret',
  'deployment',
  'service',
  'poddisruptionbudget',
  'networkpolicy',
].map(manifest)
const pod = deployment.spec.template.spec
const [container] = pod.containers
const configuration = parse(configMap.data['countersign.yaml'])

suite('examples/kubernetes', () => {
  test('kustomization.yaml names every manifest', () => {
    const files = readdirSync(join(projectRoot, 'examples', folder)).filter(name => name !== 'kustomization.yaml')
    assert.deepEqual(manifest('kustomization').resources.toSorted(), files.toSorted())
  })

  test('selectors find the pods', () => {
    const { labels } = deployment.spec.template.metadata
    const selectors = [
      deployment.spec.selector.matchLabels,
      service.spec.selector,
      budget.spec.selector.matchLabels,
      policy.spec.podSelector.matchLabels,
      pod.topologySpreadConstraints[0].labelSelector.matchLabels,
    ]
    for (const selector of selectors) assert.deepEqual(selector, labels)
    assert.ok(budget.spec.minAvailable < deployment.spec.replicas)
  })

  test('ports have the numbers of the configuration, and the names that others call them by', () => {
    const ports = new Map<string, number>(
      container.ports.map((port: { name: string; containerPort: number }) => [port.name, port.containerPort]),
    )
    assert.equal(ports.get('tls'), configuration.listeners[0].port)
    assert.equal(ports.get('management'), configuration.management.port)
    assert.equal(service.spec.ports.length, 1)
    assert.equal(service.spec.ports[0].targetPort, 'tls')
    const entries = policy.spec.ingress.map(({ ports, from }: { ports: { port: string }[]; from?: unknown[] }) => [
      ports[0]!.port,
      from !== undefined,
    ])
    // Metrics are not for everybody.
    assert.deepEqual(entries, [
      ['tls', false],
      ['management', true],
    ])
  })

  test('probes ask what the management listener answers, at an address that the kubelet reaches', () => {
    assert.equal(configuration.management.address, '0.0.0.0')
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe]
    assert.deepEqual(
      probes.map(({ httpGet }) => [httpGet.path, httpGet.port]),
      [
        ['/healthz', 'management'],
        ['/healthz', 'management'],
        ['/readyz', 'management'],
      ],
    )
  })

  test('the pod is nobody in particular, and writes to its volume alone', () => {
    assert.equal(pod.securityContext.runAsNonRoot, true)
    assert.equal(pod.automountServiceAccountToken, false)
    assert.deepEqual(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    const mounts = new Map<string, { readOnly?: boolean; mountPath: string }>(
      container.volumeMounts.map((mount: { name: string }) => [mount.name, mount]),
    )
    assert.equal(mounts.get('configuration')?.readOnly, true)
    const data = `${mounts.get('data')?.mountPath}/`
    for (const path of [configuration.audit.file, configuration.revocation.folder])
      assert.ok(path.startsWith(data), path)
    assert.deepEqual(container.args, [
      'serve',
      '--config',
      `${mounts.get('configuration')?.mountPath}/countersign.yaml`,
    ])
  })

  test('with real values the configuration passes check-config; with those of the example no pod starts', async () => {
    const home = scratchFolder()
    const { clients, server } = exampleCertificates()
    const values: Record<string, string> = {
      'clients.pem': clients.pem,
      'database.pem': testAuthority({ name: 'Database CA' }).pem,
      'server.pem': server.pem + server.keyPem,
      'database-url': 'postgres://countersign:secret@database.example.org/countersign',
      'ticket-key': 'k'.repeat(44),
    }
    const project = (of: (key: string, given: string) => string) => {
      for (const source of pod.volumes[0].projected.sources) {
        const [from, data] =
          source.configMap === undefined ? [source.secret, secret.stringData] : [source.configMap, configMap.data]
        assert.equal(from.name, source.configMap === undefined ? secret.metadata.name : configMap.metadata.name)
        for (const { key, path } of from.items) {
          assert.equal(typeof data[key], 'string', key)
          writeFiles(home, { [path]: of(key, data[key]) })
        }
      }
      return checkConfiguration(join(home, 'countersign.yaml'))
    }
    assert.deepEqual((await project((key, given) => values[key] ?? given)).warnings, [])
    await assert.rejects(
      project((_, given) => given),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError)
        const places = error.problems.map(({ path }) => path)
        for (const place of ['keyStore', 'trustStore', 'tickets.sharedKey', 'users.postgres']) {
          assert.ok(
            places.some(path => path.includes(place)),
            place,
          )
        }
        return true
      },
    )
  })
})
