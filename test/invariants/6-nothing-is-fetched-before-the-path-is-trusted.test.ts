// Invariant 6: nothing is fetched from an address that a certificate names before that certificate's path is trusted, and then only
// from public addresses, so long and so much. (Keycloak issue 46742: a self-signed certificate sent the server anywhere.)
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { createFetcher, type FetchRequest } from '../../src/identity/revocation/fetch.ts'
import { isPublicAddress } from '../../src/identity/revocation/public-address.ts'
import { authorityInfoAccess, crlDistributionPoints } from '../../src/pki/x509/build-extensions.ts'
import { baseTime, day, selfSigned, testAuthority } from '../support/certificates.ts'
import { identityServer } from '../support/identity-server.ts'
import { web } from '../support/web.ts'

const canary = await web()
const authority = testAuthority({ name: 'Clients CA' })
const namesake = testAuthority({ name: 'Clients CA' })
const below = authority.intermediate({ name: 'Narrow CA', nameConstraints: { permitted: [{ dns: 'inside.example' }] } })
const extensions = [
  crlDistributionPoints([`${canary.url}/list.crl`]),
  authorityInfoAccess({ ocsp: [`${canary.url}/ocsp`], caIssuers: [`${canary.url}/issuer.crt`] }),
]
const revocation = (fetch: object = {}) => ({ mode: 'require', fetch: { timeoutSeconds: 2, ...fetch }, waitSeconds: 3 })
const server = await identityServer({
  anchors: { clients: authority },
  revocation: revocation({ insecureAllowPrivateAddresses: true }),
})

describe('a certificate whose path is not trusted makes the server ask nobody', () => {
  const strangers = {
    issuer_unknown: selfSigned({ subject: 'CN=stranger', extensions }),
    signature_invalid: namesake.issue({ subject: 'CN=forged', extensions }),
    certificate_expired: authority.issue({ subject: 'CN=old', notAfter: baseTime - day / 2, extensions }),
    purpose_not_allowed: authority.issue({ subject: 'CN=server', extKeyUsage: ['serverAuth'], extensions }),
    constraint_violated: below.issue({ subject: 'CN=outside', san: [{ dns: 'outside.example' }], extensions }),
  }
  for (const [code, certificate] of Object.entries(strangers)) {
    test(code, async () => {
      const answer = await server.client(certificate).whoami()
      // which of two failures of a forged chain is told is for the path to choose
      assert.ok(answer === code || (code === 'signature_invalid' && answer === 'issuer_unknown'), String(answer))
      assert.deepEqual(canary.asked, [])
    })
  }

  test('while a trusted one does', async () => {
    assert.equal(await server.client(authority.issue({ extensions })).whoami(), 'revocation_unknown')
    assert.ok(canary.asked.includes('GET /list.crl'), canary.asked.join())
    assert.ok(!canary.asked.some(line => line.includes('issuer.crt')))
  })

  test('and not when it leads to a private address', async () => {
    await server.become({ revocation: revocation() })
    canary.asked.length = 0
    const { port } = canary
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '2130706433',
      '127.1',
      '0x7f.1',
      '[::ffff:127.0.0.1]',
      '0.0.0.0',
    ]) {
      const trusted = authority.issue({ extensions: [crlDistributionPoints([`http://${host}:${port}/list.crl`])] })
      assert.equal(await server.client(trusted).whoami(), 'revocation_unknown', host)
    }
    assert.deepEqual(canary.asked, [])
  })
})

describe('a fetch', () => {
  const strict = createFetcher({ timeout: 500, allowedHosts: undefined, privateAddresses: 'refuse' })
  const free = createFetcher({ timeout: 500, allowedHosts: ['127.0.0.1'], privateAddresses: 'allow' })
  after(() => Promise.all([strict[Symbol.asyncDispose](), free[Symbol.asyncDispose]()]))
  const ask = (url: string, namedBy: FetchRequest['namedBy'] = 'certificate') => ({ url, namedBy, maxBytes: 1_000 })

  test('goes by http and https only', async () => {
    for (const url of [
      'ldap://127.0.0.1/cn=x',
      'file:///etc/passwd',
      'ftp://127.0.0.1/',
      'data:,x',
      'javascript:1',
      'nothing',
    ]) {
      await assert.rejects(free.fetch(ask(url)), { code: 'ERR_FETCH_REFUSED' })
    }
    await assert.rejects(free.fetch(ask(`http://user:secret@127.0.0.1:${canary.port}/`)), { code: 'ERR_FETCH_REFUSED' })
  })

  test('goes to allowed hosts only', async () => {
    await assert.rejects(free.fetch(ask(`http://localhost:${canary.port}/`)), /not among the allowed hosts/)
  })

  test('does not follow a redirect to a private address, whoever named the first one', async () => {
    const inside = await web()
    inside.pages.set('/secret', Buffer.from('secret'))
    canary.pages.set('/away', (_, __, response) => response.writeHead(302, { location: `${inside.url}/secret` }).end())
    await assert.rejects(strict.fetch(ask(`${canary.url}/away`, 'configuration')), { code: 'ERR_FETCH_REFUSED' })
    canary.pages.set('/name', (_, __, response) =>
      response.writeHead(302, { location: `http://localhost:${inside.port}/secret` }).end(),
    )
    await assert.rejects(
      strict.fetch(ask(`${canary.url}/name`, 'configuration')),
      /not an address of the public Internet/,
    )
    assert.deepEqual(inside.asked, [])
    canary.pages.set('/here', (_, __, response) => response.writeHead(302, { location: '/there' }).end())
    canary.pages.set('/there', Buffer.from('fine'))
    assert.equal((await strict.fetch(ask(`${canary.url}/here`, 'configuration'))).body.toString(), 'fine')
    canary.pages.set('/round', (_, __, response) => response.writeHead(302, { location: '/round' }).end())
    await assert.rejects(strict.fetch(ask(`${canary.url}/round`, 'configuration')), /more than 3 redirects/)
  })

  test('takes so much and so long, and no more', async () => {
    canary.pages.set('/long', Buffer.alloc(2_000))
    await assert.rejects(free.fetch(ask(`${canary.url}/long`)), /longer than 1000 octets/)
    canary.pages.set('/endless', (_, __, response) => {
      const timer = setInterval(() => response.write(Buffer.alloc(300)), 5)
      response.on('close', () => clearInterval(timer))
    })
    await assert.rejects(free.fetch(ask(`${canary.url}/endless`)), /longer than 1000 octets/)
    canary.pages.set('/drip', (_, __, response) => {
      const timer = setInterval(() => response.write('.'), 50)
      response.on('close', () => clearInterval(timer))
    })
    await assert.rejects(free.fetch(ask(`${canary.url}/drip`)), /too long/)
    canary.pages.set('/silent', () => {})
    await assert.rejects(free.fetch(ask(`${canary.url}/silent`)), /too long/)
  })
})

test('which addresses are public', () => {
  for (const address of ['1.1.1.1', '8.8.8.8', '2606:4700::1111', '2a00:1450::1']) {
    assert.ok(isPublicAddress(address), address)
  }
  const others = `0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
    192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
    :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1
    fc00::1 fd00::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 localhost 127.1 ${''}`
  for (const address of others.trim().split(/\s+/)) assert.equal(isPublicAddress(address), false, address)
})
