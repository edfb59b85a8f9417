// Each cause that the doctor can name, from a real server that gives it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { fixedClock } from '../../src/clock.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { type CauseCode, causes } from '../../src/diagnosis/causes.ts'
import { type Diagnosis, diagnose } from '../../src/diagnosis/diagnose.ts'
import type { ClientIdentity } from '../../src/diagnosis/judge-client.ts'
import { silentLog } from '../../src/log.ts'
import { parseCertificate } from '../../src/pki/x509/certificate.ts'
import { writePem } from '../../src/pki/x509/pem.ts'
import { start } from '../../src/start/start.ts'
import { baseTime, day, type Issued, selfSigned, testAuthority } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { scratchFolder } from '../support/scratch.ts'
import { serveFrom } from '../support/server.ts'
import { deafServer, fileOf, listening, nginxServer, opensslServer, rawServer } from './servers.ts'

const root = testAuthority({ name: 'CN=Server Root,O=Example' })
const issuing = root.intermediate({ name: 'CN=Server Issuing,O=Example' })
const clients = testAuthority({ name: 'CN=Client CA,O=Example' })
const stranger = testAuthority({ name: 'CN=Stranger' })
const server = issuing.issueServer()

const past = { notBefore: baseTime - 9 * day, notAfter: baseTime - 2 * day }
const future = { notBefore: baseTime + 5 * day }
const alice = clients.issue({ subject: 'CN=alice' })
const expired = clients.issue({ subject: 'CN=expired', ...past })
const early = clients.issue({ subject: 'CN=early', ...future })
const outsider = stranger.issue({ subject: 'CN=outsider' })
const webServer = clients.issue({ subject: 'CN=web', extKeyUsage: ['serverAuth'] })
const weak = clients.issue({ subject: 'CN=weak', keyType: 'rsa-1024' })

interface Asked {
  readonly client?: Issued
  readonly key?: Issued
  readonly trust?: readonly Issued[] | 'public'
  readonly name?: string
  readonly host?: string
  readonly timeoutMs?: number
}

const named = new Set<CauseCode>()

async function ask(
  port: number,
  { client, key, trust = [root], name, host = '127.0.0.1', timeoutMs = 5000 }: Asked = {},
) {
  const anchors = trust === 'public' ? [] : trust.map(({ certificate }, i) => ({ alias: `trust ${i}`, certificate }))
  const diagnosis = await diagnose({
    target: { host, port, name: name ?? 'localhost' },
    identity: client && identityOf(client, key ?? client),
    trust: { kind: trust === 'public' ? 'assumed' : 'named', anchors, others: [], text: 'those of the test' },
    at: Date.now(),
    timeoutMs,
  })
  const { cause } = diagnosis
  if (cause !== undefined) {
    named.add(cause.code)
    assert.doesNotMatch(`${cause.sentence} ${cause.remedy}`, /[{}]|undefined/)
  }
  return diagnosis
}

function identityOf(client: Issued, key: Issued): ClientIdentity {
  const intermediates = client.chain.slice(1).map(der => parseCertificate(der))
  return { certificate: client.certificate, intermediates, key: key.privateKey }
}

function expectCause({ cause }: Diagnosis, code: CauseCode | undefined, sentence = /./) {
  assert.equal(cause?.code, code, cause?.sentence ?? 'no cause was found')
  if (cause !== undefined) assert.match(cause.sentence, sentence)
}

describe('the network', () => {
  test('a name that does not resolve', async () => {
    expectCause(await ask(443, { host: 'nowhere.invalid' }), 'name_unresolved', /nowhere\.invalid/)
  })

  test('nothing listens', async () => {
    expectCause(await ask(await freePort()), 'nothing_listens')
  })

  test('an address that no way leads to', async () => {
    expectCause(await ask(443, { host: '255.255.255.255' }), 'host_unreachable')
  })

  test('a connection that nobody takes', {
    skip: process.platform === 'linux' ? false : 'needs a full queue',
  }, async () => {
    expectCause(await ask(await deafServer(), { timeoutMs: 500 }), 'connection_timeout', /0\.5 s/)
  })
})

describe('what is no handshake', () => {
  test('plain HTTP', async () => {
    const port = await listening(createHttpServer((_, response) => response.end('hello')))
    expectCause(await ask(port), 'plain_http')
  })

  test('another protocol', async () => {
    const port = await rawServer(socket => socket.write('SSH-2.0-OpenSSH_9.9\r\n'))
    expectCause(await ask(port), 'not_tls', /SSH-2\.0/)
  })

  test('silence', async () => {
    expectCause(await ask(await rawServer(() => {}), { timeoutMs: 400 }), 'handshake_timeout')
  })

  test('octets that drip', async () => {
    const port = await rawServer(socket => {
      socket.write(Buffer.from('1603034000', 'hex'))
      const timer = setInterval(() => socket.write(Buffer.alloc(1)), 50)
      socket.once('close', () => clearInterval(timer))
    })
    expectCause(await ask(port, { timeoutMs: 400 }), 'handshake_timeout')
  })

  test('a connection that is cut after the first message', async () => {
    for (const end of ['destroy', 'resetAndDestroy'] as const) {
      const port = await rawServer(socket => socket.once('data', () => socket[end]()))
      expectCause(await ask(port), 'connection_cut', /before the server said anything/)
    }
  })

  test('a connection that is cut in the middle of what the server says', async () => {
    const behind = await opensslServer(server, ['-www'])
    const port = await rawServer(socket => {
      const upstream = connect(behind, '127.0.0.1').on('error', () => {})
      socket.pipe(upstream)
      upstream.once('data', (chunk: Buffer) => {
        socket.end(chunk.subarray(0, 200))
        upstream.destroy()
      })
    })
    expectCause(await ask(port), 'connection_cut', /in the middle/)
  })

  test('an alert that nobody expects', async () => {
    const port = await rawServer(socket => socket.once('data', () => socket.end(Buffer.from('15030300020250', 'hex'))))
    expectCause(await ask(port), 'handshake_refused', /80 \(internal_error\)/)
  })

  test('nonsense in the form of TLS', async () => {
    const port = await rawServer(socket =>
      socket.once('data', () => socket.end(Buffer.from('160303000402000000', 'hex'))),
    )
    expectCause(await ask(port), 'handshake_failed')
  })
})

describe('protocols, suites and names', () => {
  test('a server of before TLS 1.2', async () => {
    const port = await opensslServer(server, ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0', '-www'])
    expectCause(await ask(port), 'no_common_protocol', /TLSv1\.1/)
  })

  test('a server with a suite that no client has', async () => {
    const rsa = root.issueServer({ keyType: 'rsa-2048' })
    const port = await opensslServer(rsa, ['-tls1_2', '-cipher', 'CAMELLIA256-SHA:@SECLEVEL=0', '-www'])
    expectCause(await ask(port), 'no_common_suite', /TLS_RSA_WITH_CAMELLIA_256_CBC_SHA/)
  })

  test('a name that the server refuses to serve', async () => {
    const second = ['-cert2', fileOf(server.pem), '-key2', fileOf(server.keyPem)]
    const port = await opensslServer(server, ['-servername', 'other.example', '-servername_fatal', ...second, '-www'])
    expectCause(await ask(port), 'server_name_unknown', /localhost/)
  })
})

describe('the certificate of the server', () => {
  const cases: readonly (readonly [string, Issued, CauseCode | undefined, Asked?, string?])[] = [
    ['in order', server, undefined],
    ['expired', issuing.issueServer(past), 'server_certificate_expired'],
    ['not valid yet', issuing.issueServer(future), 'server_certificate_not_yet_valid'],
    ['for another name', server, 'server_wrong_name', { name: 'other.example' }],
    ['for another address', server, 'server_wrong_name', { name: '127.0.0.2' }],
    ['without its intermediate', server, 'server_chain_incomplete', {}, server.pem],
    ['of an unknown authority', stranger.issueServer(), 'server_issuer_unknown'],
    ['self-signed', selfSigned({ san: [{ dns: 'localhost' }], extKeyUsage: ['serverAuth'] }), 'server_issuer_unknown'],
    [
      'of an unknown authority, sent along',
      stranger.issueServer(),
      'server_issuer_unknown',
      {},
      stranger.issueServer().pem + stranger.pem,
    ],
    ['for clients', issuing.issue({ san: [{ dns: 'localhost' }] }), 'server_wrong_purpose'],
  ]
  for (const [what, identity, code, asked, chainPem] of cases) {
    test(`${what}, at openssl s_server`, async () => {
      const port = await opensslServer(identity, ['-www'], chainPem)
      expectCause(await ask(port, asked), code)
    })
  }

  for (const [what, identity, code, asked, chainPem] of cases.filter(([name]) =>
    /expired|without|unknown authority$/.test(name),
  )) {
    test(`${what}, at nginx`, async () => {
      expectCause(await ask(await nginxServer(identity, '', chainPem), asked), code)
    })
  }

  test('with a key that is too weak', async () => {
    const port = await opensslServer(root.issueServer({ keyType: 'rsa-1024' }), [
      '-cipher',
      'DEFAULT@SECLEVEL=0',
      '-www',
    ])
    expectCause(await ask(port), 'server_certificate_unfit', /1024/)
  })

  test('an unknown authority counts last when nobody said whom the client trusts', async () => {
    const port = await opensslServer(server, ['-Verify', '1', '-verify_return_error', '-CAfile', fileOf(clients.pem)])
    expectCause(await ask(port, { trust: 'public' }), 'client_certificate_missing')
    expectCause(await ask(port, { trust: [stranger] }), 'server_issuer_unknown')
    expectCause(await ask(await opensslServer(server, ['-www']), { trust: 'public' }), 'server_issuer_unknown')
  })
})

describe('the certificate of the client, at openssl s_server', () => {
  const crl = () => fileOf(clients.pem + writePem('X509 CRL', clients.crl([alice])))
  for (const version of ['-tls1_3', '-tls1_2']) {
    const strict = async (...more: string[]) =>
      opensslServer(server, [
        version,
        '-Verify',
        '2',
        '-verify_return_error',
        '-CAfile',
        fileOf(clients.pem),
        '-www',
        ...more,
      ])

    test(`none, expired, not yet valid, of a stranger, for servers (${version.slice(1)})`, async () => {
      const port = await strict()
      expectCause(await ask(port, { client: alice }), undefined)
      expectCause(await ask(port), 'client_certificate_missing')
      expectCause(await ask(port, { client: expired }), 'client_certificate_expired', /CN=expired/)
      expectCause(await ask(port, { client: early }), 'client_certificate_not_yet_valid')
      expectCause(await ask(port, { client: outsider }), 'client_issuer_unknown', /CN=Stranger/)
      expectCause(await ask(port, { client: webServer }), 'client_wrong_purpose')
      expectCause(await ask(port, { client: weak }), 'client_key_weak', /1024/)
      expectCause(await ask(port, { client: alice, key: outsider }), 'client_key_mismatch')
    })

    test(`revoked (${version.slice(1)})`, async () => {
      const port = await opensslServer(server, [
        version,
        '-Verify',
        '2',
        '-verify_return_error',
        '-crl_check',
        '-CAfile',
        crl(),
        '-www',
      ])
      expectCause(await ask(port, { client: alice }), 'client_certificate_revoked', /CN=alice/)
    })

    test(`a kind of key that the server does not take (${version.slice(1)})`, async () => {
      const port = await strict('-client_sigalgs', 'RSA-PSS+SHA256:RSA+SHA256')
      expectCause(await ask(port, { client: alice }), 'client_algorithm_unsupported', /RSA/)
    })

    test(`what the server asks for is seen (${version.slice(1)})`, async () => {
      const { conversation } = await ask(await strict(), { client: alice })
      const { request, complete } = conversation.flight
      assert.ok(complete && request)
      assert.deepEqual(request.authorities.map(String), ['CN=Client CA,O=Example'])
      assert.ok(request.algorithms.includes('ecdsa_secp256r1_sha256'))
      assert.equal(request.types?.includes('ecdsa_sign'), version === '-tls1_2' ? true : undefined)
    })
  }
})

const crlOfClients = fileOf(writePem('X509 CRL', clients.crl([alice])))
const nginxPort = await nginxServer(
  server,
  `ssl_client_certificate ${fileOf(clients.pem)}; ssl_verify_client on; ssl_crl ${crlOfClients};`,
)

describe('the certificate of the client, at nginx', () => {
  test('in order, missing, expired, of a stranger', async () => {
    expectCause(await ask(nginxPort, { client: clients.issue({ subject: 'CN=bob' }) }), undefined)
    expectCause(await ask(nginxPort), 'client_certificate_missing')
    expectCause(await ask(nginxPort, { client: expired }), 'client_certificate_expired')
    expectCause(await ask(nginxPort, { client: outsider }), 'client_issuer_unknown')
  })

  test('revoked: nginx does not say so, and neither does the doctor pretend to know', async () => {
    expectCause(await ask(nginxPort, { client: alice }), 'client_certificate_refused', /400/)
  })
})

const folder = scratchFolder()
const yaml = (clientAuth: string, onUntrusted: string, revocation: object = {}) =>
  JSON.stringify({
    listeners: [
      {
        address: '127.0.0.1',
        port: 0,
        clientAuth,
        onUntrusted,
        keyStore: { file: fileOf(server.keyPem + server.chainPem) },
        trustStore: clientAuth === 'none' ? [] : [{ file: fileOf(clients.pem) }],
      },
    ],
    management: { enabled: false },
    revocation,
    authenticators: { 'mutual-tls': { bindings: [{ thumbprint: alice.thumbprint, users: ['alice'] }] } },
    users: { file: 'users.db' },
    audit: { enabled: false },
  })
const ports: Record<string, number> = {}
for (const [name, clientAuth, onUntrusted] of [
  ['none', 'none', 'explain'],
  ['want', 'want', 'explain'],
  ['need', 'need', 'explain'],
  ['refuse', 'need', 'refuse'],
] as const) {
  const running = await serveFrom(join(folder, name), yaml(clientAuth, onUntrusted))
  after(() => running.stop('the test is over'))
  ports[name] = running.listeners[0]!.port
}

const gone = clients.issue({ subject: 'CN=gone' })
const listOfClients = fileOf(writePem('X509 CRL', clients.crl([gone])))
const revoking = await serveFrom(
  join(folder, 'revoking'),
  yaml('want', 'explain', { mode: 'require', order: ['crl'], crl: { files: [listOfClients] } }),
)
after(() => revoking.stop('the test is over'))

describe('a Countersign', () => {
  test('that knows the certificate to be revoked', async () => {
    expectCause(await ask(revoking.listeners[0]!.port, { client: gone }), 'client_certificate_revoked', /CN=gone/)
  })

  for (const clientAuth of ['want', 'need', 'refuse']) {
    test(`clientAuth ${clientAuth}: missing, expired, not yet valid, of a stranger, for servers, weak, another key`, async () => {
      const port = ports[clientAuth]!
      expectCause(await ask(port), 'client_certificate_missing')
      expectCause(await ask(port, { client: expired }), 'client_certificate_expired')
      expectCause(await ask(port, { client: early }), 'client_certificate_not_yet_valid')
      const unknown = clientAuth === 'refuse' ? 'client_certificate_refused' : 'client_issuer_unknown'
      expectCause(await ask(port, { client: outsider }), unknown)
      expectCause(await ask(port, { client: webServer }), 'client_wrong_purpose')
      expectCause(await ask(port, { client: alice, key: outsider }), 'client_key_mismatch')
      expectCause(await ask(port, { client: weak }), 'client_key_weak')
    })
  }

  test('what it says itself is told as it says it', async () => {
    const { cause } = await ask(ports.want!, { client: clients.issue({ subject: 'CN=bob' }) })
    assert.equal(cause?.code, 'refused_by_countersign')
    assert.match(cause.sentence, /401 certificate_not_bound: No binding covers this certificate/)
    assert.match(cause.remedy, /bind your certificate/)
  })

  test('a listener that asks for no certificate', async () => {
    expectCause(await ask(ports.none!, { client: alice }), 'client_certificate_not_asked')
    expectCause(await ask(ports.none!), 'client_certificate_not_asked')
  })

  test('a server whose clock is ahead', async () => {
    const late = join(folder, 'want', 'countersign.yaml')
    const running = await start(loadConfiguration(late, { env: {} }), {
      log: silentLog,
      clock: fixedClock(Date.now() + 90 * day),
    })
    after(() => running.stop('the test is over'))
    expectCause(await ask(running.listeners[0]!.port, { client: alice }), 'client_clock_differs', /expired, though/)
  })
})

describe('after the handshake', () => {
  const identity = { key: server.keyPem, cert: server.chainPem }

  test('a server that closes without a word', async () => {
    const port = await listening(createTlsServer(identity, socket => void socket.on('error', () => {}).end()))
    expectCause(await ask(port), 'closed_without_answer')
  })

  test('a server that says nothing', async () => {
    const port = await listening(createTlsServer(identity, socket => void socket.on('error', () => {}).resume()))
    expectCause(await ask(port, { timeoutMs: 600 }), 'answer_timeout')
  })
})

test('every cause was named by a server above', () => {
  assert.deepEqual([...named].toSorted(), Object.keys(causes).toSorted())
})

test('docs/doctor.md says of every cause what the doctor says', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/doctor.md'), 'utf8')
  const rows = page.split('\n').filter(line => /^\| `[a-z_]+` \|/.test(line))
  assert.equal(rows.length, Object.keys(causes).length)
})
