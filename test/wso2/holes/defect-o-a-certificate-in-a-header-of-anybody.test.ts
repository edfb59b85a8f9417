// identity.xml names a header in which the original took the certificate of a client from whoever sent it. Here it counts from a proxy that proved
// itself, and is validated again; from anybody else it is nothing. The letter is a row of docs/wso2-holes.md.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, suite, test } from 'node:test'
import { carbonConfiguration } from '../../../src/config/wso2/carbon-configuration.ts'
import { carbonHome, mutualSsl, writeHomeFile, writeTrustStore } from '../../support/carbon-home.ts'
import { base64, carbonServer, type Told } from '../../support/carbon-server.ts'
import { day, type Issued, selfSigned, testAuthority } from '../../support/certificates.ts'

const identityFile = 'repository/conf/identity/identity.xml'
const identity = (name: string, encoded: boolean) =>
  `<Server><X509><X509RequestHeaderName>${name}</X509RequestHeaderName><X509RequestHeaderEncoded>${encoded}</X509RequestHeaderEncoded></X509></Server>`

const client = selfSigned({ subject: 'CN=client' })
const old = selfSigned({ subject: 'CN=old', notBefore: Date.now() - 9 * day, notAfter: Date.now() - day })
const stranger = selfSigned({ subject: 'CN=client' })
const edge = selfSigned({ subject: 'CN=edge' })
/** somebody who is let in by a connection of its own, as one user */
const machines = testAuthority({ name: 'CN=Machines' })
const machine = machines.issue({ subject: 'CN=machine' })
const trusted = {
  client: client.certificate,
  old: old.certificate,
  edge: edge.certificate,
  machines: machines.certificate,
}

let seen: IncomingHttpHeaders | undefined
const upstream = createServer((request, response) => {
  seen = request.headers
  response.end('a resource')
}).listen(0, '127.0.0.1')
await once(upstream, 'listening')
after(() => upstream.close().closeAllConnections())

const server = await carbonServer({
  trusted,
  authenticator: mutualSsl({
    allowed_issuers: 'CN=Machines|CN=client|CN=old|CN=edge',
    'issuer_CN=Machines': 'ops',
    'issuer_CN=client': '*',
    'issuer_CN=old': '*',
    'issuer_CN=edge': '*',
  }),
  files: { [identityFile]: identity('X-SSL-CERT', true) },
  own: {
    proxies: [{ name: 'edge', proof: { thumbprints: [edge.thumbprint] }, clientCertificate: { form: 'pem-header' } }],
    routes: [{ path: '/resource', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` }],
  },
})
after(() => server[Symbol.asyncDispose]())

const url = (one: Issued) => encodeURIComponent(one.pem)
const plain = (one: Issued) => one.pem.trim().replaceAll('\n', ' ')
type Headers = Record<string, string | readonly string[]>

/** Over SOAP, on a REST path and at the door, over a connection with this certificate. */
async function everywhere(
  certificate: Issued | undefined,
  headers: Headers,
  user: string | null = 'alice',
): Promise<Told[]> {
  return [
    await server.soap({
      certificate,
      headers,
      operation: 'isExistingUser',
      children: '<p:userName>ops</p:userName>',
      as: user ?? undefined,
    }),
    await server.ask({
      certificate,
      path: '/scim2/Me',
      headers: { ...headers, ...(user && { 'WSO2-Identity-User': user }) },
    }),
    await server.ask({
      certificate,
      path: '/whoami',
      headers: { ...headers, ...(user && { UserName: base64(user) }) },
    }),
  ]
}

const users = (told: readonly Told[]) => told.map(({ user }) => user)
const codes = (told: readonly Told[]) => told.map(({ code }) => code)
const three = (value: string | undefined) => [value, value, value]

suite('defect o: from whoever is no proxy it is nothing', () => {
  for (const [what, headers] of Object.entries<Headers>({
    'percent-encoded': { 'X-SSL-CERT': url(client) },
    'in one line': { 'X-SSL-CERT': plain(client) },
    'in the header of another form': {
      'X-SSL-Client-Cert': url(client),
      'Client-Cert': `:${client.der.toString('base64')}:`,
    },
    'with the address of the proxy': {
      'X-SSL-CERT': url(client),
      'X-Forwarded-For': '127.0.0.1',
      Forwarded: 'for=127.0.0.1;by=edge',
    },
    'with the certificate of the proxy beside it': { 'X-SSL-CERT': [url(edge), url(client)] },
  })) {
    test(`defect o: ${what}`, async () => {
      assert.deepEqual(codes(await everywhere(undefined, headers)), three('certificate_required'))
      assert.deepEqual(codes(await everywhere(machine, headers)), three('certificate_not_bound'))
      assert.deepEqual(users(await everywhere(machine, headers, null)), three('ops'))
      assert.deepEqual(users(await everywhere(stranger, headers)), three(undefined))
    })
  }

  test('defect o: no resource ever sees it', async () => {
    const told = await server.ask({
      path: '/resource',
      certificate: machine,
      headers: { 'X-SSL-CERT': url(client), 'x-ssl-client-cert': 'x' },
    })
    assert.deepEqual([told.status, told.user], [200, 'ops'])
    assert.deepEqual([seen?.['x-ssl-cert'], seen?.['x-ssl-client-cert']], [undefined, undefined])
  })
})

suite('defect o: from the proxy it is validated like any other', () => {
  const handedOn = (one: Issued) => ({ 'X-SSL-CERT': url(one) })

  test('defect o: the client is let in by its own certificate, and never by that of the proxy', async () => {
    assert.deepEqual(users(await everywhere(edge, handedOn(client))), three('alice'))
    assert.deepEqual(users(await everywhere(edge, handedOn(machine), null)), three('ops'))
    assert.deepEqual(codes(await everywhere(edge, handedOn(machine))), three('certificate_not_bound'))
    assert.deepEqual(codes(await everywhere(edge, {})), three('certificate_required'))
    assert.deepEqual(users(await everywhere(edge, { 'X-SSL-CERT': '' })), three(undefined))
    assert.deepEqual(users(await everywhere(edge, handedOn(edge))), three('alice'), 'it may be a client as well')
  })

  test('defect o: what is not trusted, over, or no certificate is refused', async () => {
    assert.deepEqual(users(await everywhere(edge, handedOn(stranger))), three(undefined))
    assert.deepEqual(codes(await everywhere(edge, handedOn(old))), three('certificate_expired'))
    for (const value of [plain(client), client.der.toString('base64'), 'x', [url(client), url(client)]]) {
      const told = await everywhere(edge, { 'X-SSL-CERT': value })
      assert.deepEqual(users(told), three(undefined), String(value).slice(0, 40))
      assert.ok(
        told.every(({ status }) => status === 400),
        String(value).slice(0, 40),
      )
    }
    assert.deepEqual(
      codes(await everywhere(edge, { 'X-SSL-Client-Cert': url(client) })),
      three('certificate_required'),
      'another form',
    )
  })

  test('defect o: the resource gets the user, and not the header', async () => {
    const told = await server.ask({
      path: '/resource',
      certificate: edge,
      headers: { ...handedOn(client), UserName: base64('alice') },
    })
    assert.deepEqual([told.status, told.user, seen?.['x-forwarded-user']], [200, 'alice', 'alice'])
    assert.equal(seen?.['x-ssl-cert'], undefined)
  })
})

suite('defect o: changes', () => {
  const reload = async () => assert.equal(await server.running.reload('a test'), 'reloaded')

  test('defect o: the name and the encoding are those of identity.xml, without a restart', async () => {
    writeHomeFile(server.folder, identityFile, identity('X-Client', false))
    await reload()
    assert.deepEqual(users(await everywhere(edge, { 'X-Client': plain(client) })), three('alice'))
    assert.deepEqual(codes(await everywhere(edge, { 'X-SSL-CERT': url(client) })), three('certificate_required'))
    assert.deepEqual(codes(await everywhere(undefined, { 'X-Client': plain(client) })), three('certificate_required'))
  })

  test('defect o: a proxy that is trusted no more is believed no more', async () => {
    const { edge: _, ...others } = trusted
    writeTrustStore(server.folder, others)
    await reload()
    assert.deepEqual(users(await everywhere(edge, { 'X-Client': plain(client) })), three(undefined))
    assert.deepEqual(users(await everywhere(client, {})), three('alice'))
  })

  test('defect o: a home that names the header and no proxy believes nobody, and is told so', async () => {
    const { findings, configuration } = await carbonConfiguration(
      carbonHome({ trusted, files: { [identityFile]: identity('X-SSL-CERT', true) } }),
      {},
    )
    assert.ok(
      findings.some(
        ({ severity, what }) =>
          severity === 'tightened' &&
          /X-SSL-CERT counts only from a proxy that proved itself, and none is named/.test(what),
      ),
    )
    assert.equal(configuration.proxies, undefined)
  })
})
