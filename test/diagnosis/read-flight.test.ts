import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { buildClientHello } from '../../src/diagnosis/handshake/client-hello.ts'
import { decryptHandshake } from '../../src/diagnosis/handshake/decrypt.ts'
import { vector } from '../../src/diagnosis/handshake/octets.ts'
import { readFlight } from '../../src/diagnosis/handshake/read-flight.ts'
import { splitRecords } from '../../src/diagnosis/handshake/records.ts'
import { readHttpAnswer } from '../../src/diagnosis/http-answer.ts'
import { testAuthority } from '../support/certificates.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const record = (type: number, body: Buffer) => Buffer.concat([Buffer.from([type, 3, 3]), vector(2, body)])
const message = (type: number, body: Buffer) => Buffer.concat([Buffer.from([type]), vector(3, body)])

const ca = testAuthority({ name: 'CN=Named' })
const hello = message(2, Buffer.concat([hex('0303'), randomBytes(32), hex('00c02b00')]))
const certificate = message(11, vector(3, vector(3, ca.der)))
const request = message(
  13,
  Buffer.concat([vector(1, hex('0140')), vector(2, hex('04030804')), vector(2, vector(2, ca.certificate.subject.raw))]),
)
const done = message(14, Buffer.alloc(0))
const flight = Buffer.concat([hello, certificate, request, done])

test('a TLS 1.2 flight is read, however it is cut into records', () => {
  for (const size of [1, 7, 100, flight.length]) {
    const records: Buffer[] = []
    for (let at = 0; at < flight.length; at += size) records.push(record(22, flight.subarray(at, at + size)))
    const seen = readFlight(Buffer.concat(records))
    assert.deepEqual(seen.hello, { version: 0x0303, suite: 0xc02b })
    assert.deepEqual(seen.chain, [ca.der])
    assert.deepEqual(seen.request?.authorities.map(String), ['CN=Named'])
    assert.deepEqual(seen.request?.types, ['rsa_sign', 'ecdsa_sign'])
    assert.deepEqual(seen.request?.algorithms, ['ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha256'])
    assert.ok(seen.complete)
  }
})

test('a flight that is cut off says so: that nothing was asked for is not concluded from it', () => {
  const seen = readFlight(record(22, Buffer.concat([hello, certificate])))
  assert.equal(seen.complete, false)
  assert.equal(seen.request, undefined)
})

test('alerts: a fatal one counts, a warning and an encrypted one do not', () => {
  assert.equal(readFlight(record(21, hex('022d'))).alert, 45)
  assert.equal(readFlight(record(21, hex('0170'))).alert, undefined)
  assert.equal(readFlight(Buffer.concat([record(20, hex('01')), record(21, hex('022d'))])).alert, undefined)
})

test('a record of another key, or of a suite that is not known, opens to nothing', () => {
  const records = splitRecords(record(23, randomBytes(64)))
  assert.equal(decryptHandshake(records, 0x1301, randomBytes(32)).length, 0)
  assert.equal(decryptHandshake(records, 0x1399, randomBytes(32)).length, 0)
})

test('no octets make a reader throw', () => {
  const mutated = fc
    .tuple(fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }), fc.nat(2000))
    .map(([changes, length]) => {
      const bytes = Buffer.from(record(22, flight))
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
      return bytes.subarray(0, length)
    })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }).map(Buffer.from), mutated), bytes => {
      readFlight(bytes)
      readFlight(bytes, Buffer.alloc(32))
      readHttpAnswer(bytes)
    }),
    { numRuns: 2000 },
  )
})

test('no HTTP answer makes its reader throw, and a problem is one only with all its members', () => {
  const answer = (type: string, body: string) =>
    readHttpAnswer(Buffer.from(`HTTP/1.1 401 Unauthorized\r\nContent-Type: ${type}\r\n\r\n${body}`))
  for (const body of ['', 'null', '7', '[]', '{"code":1}', '{"code":"a"']) {
    assert.equal(answer('application/problem+json', body)?.problem, undefined)
    assert.equal(answer('application/json', body)?.whoami, undefined)
  }
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'
  assert.equal(readHttpAnswer(Buffer.from(chunked))?.body, 'abcde')
  assert.equal(readHttpAnswer(Buffer.from('SSH-2.0\r\n\r\n')), undefined)
})

test('an offer asks for the name, and for none when there is none', () => {
  const offer = { version: 0x0303, suites: [0xc02b] }
  assert.ok(buildClientHello({ ...offer, servername: 'id.example.org' }).includes('id.example.org'))
  assert.ok(buildClientHello({ ...offer, servername: undefined }).length < 200)
})

test('without the secret of the connection nothing of a TLS 1.3 flight is taken for seen', () => {
  const tls13 = message(
    2,
    Buffer.concat([hex('0303'), randomBytes(32), hex('00130100'), vector(2, hex('002b00020304'))]),
  )
  const seen = readFlight(Buffer.concat([record(22, tls13), record(20, hex('01')), record(23, randomBytes(200))]))
  assert.deepEqual(seen.hello, { version: 0x0304, suite: 0x1301 })
  assert.deepEqual([seen.chain.length, seen.request, seen.complete], [0, undefined, false])
})
