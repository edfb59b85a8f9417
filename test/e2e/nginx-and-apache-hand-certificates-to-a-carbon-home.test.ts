// The header that identity.xml names, filled by the proxies that people have in front of the original: nginx percent-encodes, Apache writes one line.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { readKeyStoreFile } from '../../src/pki/keystore/file.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import { writeHomeFile } from '../support/carbon-home.ts'
import { base64, carbonServer } from '../support/carbon-server.ts'
import { type Issued, selfSigned } from '../support/certificates.ts'
import { edgeFiles } from '../support/edge-files.ts'
import { type ProxyName, startProxy } from '../support/proxy-program.ts'
import { httpsRequest } from '../support/request.ts'

const identityFile = 'repository/conf/identity/identity.xml'
const identity = (encoded: boolean) =>
  `<Server><X509><X509RequestHeaderName>X-SSL-CERT</X509RequestHeaderName><X509RequestHeaderEncoded>${encoded}</X509RequestHeaderEncoded></X509></Server>`
const [edge, client] = [selfSigned({ subject: 'CN=edge' }), selfSigned({ subject: 'CN=client' })]
const stranger = selfSigned({ subject: 'CN=stranger' })

const server = await carbonServer({
  trusted: { edge: edge.certificate, client: client.certificate },
  files: { [identityFile]: identity(true) },
  own: {
    proxies: [
      {
        name: 'edge',
        proof: { thumbprints: [edge.thumbprint] },
        clientCertificate: { form: 'pem-header' },
        addressHeader: 'X-Forwarded-For',
      },
    ],
  },
})
after(() => server[Symbol.asyncDispose]())

interface Edge {
  readonly file: string
  readonly encoded: boolean
  listens(port: number): Record<string, string>
}

const edges: Partial<Record<ProxyName, Edge>> = {
  nginx: {
    file: 'nginx.conf',
    encoded: true,
    listens: port => ({ 'listen 443': `listen 127.0.0.1:${port}`, 'X-SSL-Client-Cert': 'X-SSL-CERT' }),
  },
  apache2: {
    file: 'apache.conf',
    encoded: false,
    listens: port => ({ 'Listen 443': `Listen 127.0.0.1:${port}`, '*:443': `127.0.0.1:${port}` }),
  },
}

for (const [program, { file, encoded, listens }] of Object.entries(edges) as [ProxyName, Edge][]) {
  suite(program, () => {
    let url: string
    let ca: string

    before(async () => {
      writeHomeFile(server.folder, identityFile, identity(encoded))
      assert.equal(await server.running.reload('a test'), 'reloaded')
      const files = edgeFiles(edge, await serverCertificate())
      const proxy = await startProxy({
        program,
        config: `docs/proxies/${file}`,
        values: port => ({
          ...listens(port),
          ':9443': `:${server.running.listeners[0]!.port}`,
          'id.example.org': 'localhost',
          '/etc/countersign/edge': files.folder,
        }),
      })
      url = `https://localhost:${proxy.port}`
      ca = files.ca
    })

    async function ask(path: string, certificate: Issued | undefined, headers: Record<string, string>) {
      const identified = certificate && { cert: certificate.chainPem, key: certificate.keyPem }
      const { status, body } = await httpsRequest(url + path, { ca, headers, ...identified })
      return { status, code: /"code":"([a-z_]+)"|<code>([a-z_]+)</.exec(body)?.slice(1).find(Boolean), body }
    }
    const as = { UserName: base64('alice'), 'WSO2-Identity-User': 'alice' }
    const services = '/services/RemoteUserStoreManagerService/isExistingUser?userName=ops'

    test('the client is let in by its certificate, to services, REST paths and at the door', async () => {
      assert.match((await ask(services, client, as)).body, /<ns:return>true</)
      assert.equal((await ask('/scim2/Me', client, as)).status, 200)
      const { user, certificate } = JSON.parse((await ask('/whoami', client, as)).body)
      assert.deepEqual([user, certificate.thumbprint], ['alice', client.thumbprint])
    })

    test('another certificate is refused here, and a header of its own is replaced', async () => {
      for (const value of [encodeURIComponent(client.pem), client.pem.trim().replaceAll('\n', ' ')]) {
        const headers = { ...as, 'X-SSL-CERT': value, 'X-SSL-Client-Cert': value }
        for (const path of [services, '/scim2/Me', '/whoami']) {
          assert.equal((await ask(path, undefined, headers)).code, 'certificate_required', path)
          assert.equal((await ask(path, stranger, headers)).code, 'issuer_unknown', path)
        }
      }
    })

    test('the same header from a client that comes by itself is nothing', async () => {
      const value = encoded ? encodeURIComponent(client.pem) : client.pem.trim().replaceAll('\n', ' ')
      const told = await server.ask({ path: '/whoami', headers: { ...as, 'X-SSL-CERT': value } })
      assert.deepEqual([told.user, told.code], [undefined, 'certificate_required'])
    })
  })
}

/** PEM of what the home shows its clients. */
async function serverCertificate(): Promise<string> {
  const file = join(server.folder, 'repository/resources/security/wso2carbon.jks')
  const [entry] = (await readKeyStoreFile(file, { password: 'wso2carbon' })).entries
  if (entry?.kind !== 'private-key') throw new Error('the home has no key')
  return writePem('CERTIFICATE', entry.chain[0]!.raw)
}
