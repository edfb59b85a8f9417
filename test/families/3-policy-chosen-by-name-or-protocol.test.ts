// Family 3: policy chosen by SNI, Host or protocol, and a mismatch between them. Here a policy belongs to an address and port; names choose a
// server certificate and nothing else (test/server/tls/server-names.test.ts).
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { Duplex } from 'node:stream'
import { suite, test } from 'node:test'
import { connect } from 'node:tls'
import { type Issued, testAuthority } from '../support/certificates.ts'
import { parseAnswer, readAnswer, serverIdentity, type TestListener, testListener } from '../support/listener.ts'

const stranger = testAuthority({ name: 'Stranger CA' }).issue()

suite('CVE-2026-48928, CVE-2025-66614, CVE-2022-23632, CVE-2026-53622, CVE-2026-48491: names and protocols', () => {
  const opened = testListener({
    options: { clientAuth: 'want' },
    identities: authority => [
      serverIdentity(authority.issueServer(), 'first'),
      serverIdentity(authority.issueServer({ san: [{ dns: 'second.example' }, { dns: '*.wild.example' }] }), 'second'),
    ],
  })
  const servernames = [
    '',
    'localhost',
    'LOCALHOST',
    'second.example',
    'Second.Example.',
    'a.WILD.example',
    'other.example',
  ]
  const hosts = ['localhost', 'LOCALHOST.', 'second.example:9443', 'a.wild.example', 'other.example']

  for (const http of ['http/1.1', 'h2'] as const) {
    test(`over ${http} none of them changes who may come in`, async () => {
      const door = await opened
      const trusted = door.authority.issue()
      for (const servername of servernames) {
        for (const [certificate, expected] of [
          [undefined, 'none'],
          [stranger, 'issuer_unknown'],
          [trusted, 'trusted'],
        ] as const) {
          for (const host of hosts) {
            const verdict = await verdictOf(door, { http, servername, host, certificate })
            assert.equal(verdict, expected, `${servername} ${host}`)
          }
        }
      }
    })
  }

  async function verdictOf(
    door: TestListener,
    {
      http,
      servername,
      host,
      certificate,
    }: { http: 'h2' | 'http/1.1'; servername: string; host: string; certificate?: Issued | undefined },
  ): Promise<unknown> {
    const ask = { http, certificate, headers: { [http === 'h2' ? ':authority' : 'host']: host } }
    // The certificate that is shown is not the point here, and a name that is not on it would end our own side.
    const { connect: open } = { connect: (name: string) => openNamed(door, name, ask) }
    return open(servername)
  }
})

async function openNamed(
  door: TestListener,
  servername: string,
  {
    http,
    certificate,
    headers,
  }: { http: 'h2' | 'http/1.1'; certificate?: Issued | undefined; headers: Record<string, string> },
): Promise<unknown> {
  const socket = connect({
    host: '127.0.0.1',
    port: door.port,
    rejectUnauthorized: false,
    servername,
    ALPNProtocols: [http],
    ...(certificate === undefined ? {} : { cert: certificate.pem, key: certificate.keyPem }),
  })
  await once(socket, 'secureConnect')
  if (http === 'http/1.1') {
    socket.write(`GET / HTTP/1.1\r\nHost: ${headers.host}\r\n\r\n`)
    const { body } = parseAnswer(await readAnswer(socket))
    socket.destroy()
    return body.verdict
  }
  const { connect: connectHttp2 } = await import('node:http2')
  const session = connectHttp2('https://localhost', { createConnection: () => socket })
  const stream = session.request({ ':path': '/', ...headers })
  const chunks = await stream.toArray()
  session.destroy()
  return JSON.parse(Buffer.concat(chunks).toString()).verdict
}

suite('CVE-2026-32305: a ClientHello in many records', () => {
  for (const tls of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`of one octet each meets the same policy, ${tls}`, async () => {
      const door = await testListener({ options: { clientAuth: 'need' } })
      const through = async (certificate?: Issued) => {
        const socket = connect({
          socket: inSmallRecords(door.port),
          servername: 'localhost',
          ca: door.serverAuthority.pem,
          minVersion: tls,
          maxVersion: tls,
          ...(certificate === undefined ? {} : { cert: certificate.pem, key: certificate.keyPem }),
        })
        await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
        socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
        return parseAnswer(await readAnswer(socket)).body.verdict
      }
      await assert.rejects(through())
      assert.equal(await through(stranger), 'issuer_unknown')
      assert.equal(await through(door.authority.issue()), 'trusted')
    })
  }
})

/** RFC 8446 section 5.1: a handshake message may be spread over records. The first one is, octet by octet. */
function inSmallRecords(port: number): Duplex {
  const plain = connectTcp(port, '127.0.0.1')
  let first = true
  const way = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const records = first ? split(chunk) : chunk
      first = false
      plain.write(records, () => done())
    },
    destroy(error, done) {
      plain.destroy()
      done(error)
    },
  })
  plain
    .on('data', chunk => way.push(chunk))
    .on('close', () => way.push(null))
    .on('error', () => way.destroy())
  return way
}

function split(record: Buffer): Buffer {
  const length = record.readUInt16BE(3)
  const head = Buffer.from([record[0]!, record[1]!, record[2]!, 0, 1])
  const pieces = [...record.subarray(5, 5 + length)].map(octet => Buffer.concat([head, Buffer.from([octet])]))
  return Buffer.concat([...pieces, record.subarray(5 + length)])
}
