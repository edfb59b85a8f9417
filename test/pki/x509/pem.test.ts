import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isCoded } from '../../../src/errors.ts'
import { looksLikePem, readPem, writePem } from '../../../src/pki/x509/pem.ts'

const malformed = (what: RegExp) => (error: unknown) => isCoded(error, 'ERR_PEM_MALFORMED') && what.test(error.message)
const block = (body: string, label = 'CERTIFICATE') => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`

test('blocks are found among other text, with any line ending, as text or octets', () => {
  const text = `Bag Attributes\n    friendlyName: x\n${block('QUJD')}subject=CN=x\n${block('REVG', 'X509 CRL')}`
  for (const variant of [text, text.replaceAll('\n', '\r\n'), text.replaceAll('\n', '\r'), Buffer.from(text)]) {
    assert.deepEqual(
      readPem(variant).map(({ label, der }) => [label, der.toString()]),
      [
        ['CERTIFICATE', 'ABC'],
        ['X509 CRL', 'DEF'],
      ],
    )
  }
  assert.deepEqual(readPem('nothing'), [])
})

test('white space inside the base64 does not matter', () => {
  assert.equal(readPem(block(' QU\n\tJD  \n\n'))[0]?.der.toString(), 'ABC')
})

test('bits behind the last octet, which mean nothing, may be anything', () => {
  assert.equal(readPem(block('QUI='))[0]?.der.toString(), 'AB')
  assert.equal(readPem(block('QUJ='))[0]?.der.toString(), 'AB')
  assert.equal(readPem(block('QR =\n='))[0]?.der.toString(), 'A')
})

test('RFC 1421 headers are kept', () => {
  const [found] = readPem(block('Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,\n 00112233\n\nQUJD', 'RSA PRIVATE KEY'))
  assert.deepEqual(
    [...found!.headers],
    [
      ['Proc-Type', '4,ENCRYPTED'],
      ['DEK-Info', 'AES-128-CBC,00112233'],
    ],
  )
  assert.equal(found?.der.toString(), 'ABC')
})

test('what is cut short or no base64 is refused with its line', () => {
  assert.throws(() => readPem('\n-----BEGIN CERTIFICATE-----\nQUJD\n'), malformed(/line 2 has no end/))
  assert.throws(() => readPem(`-----BEGIN A-----\n${block('QUJD')}`), malformed(/line 1 has no end/))
  assert.throws(() => readPem('-----BEGIN A-----\nQUJD\n-----END B-----\n'), malformed(/another block/))
  for (const body of ['', 'QUJ', 'QU=D', 'QUJD!', '====', 'QUJDé', 'QQ', 'QQ=', 'QUI', 'QU-_', 'QUJD====', ' \t']) {
    assert.throws(() => readPem(block(body)), malformed(/not base64/))
  }
  assert.throws(() => readPem(block('Proc-Type: 4\nQUJD')), malformed(/headers/))
})

test('a file that is read in pieces gives every block, and the line of what is damaged', () => {
  const octets = Array.from({ length: 2_000 }, (_, i) => Buffer.alloc(300, `${i} `))
  const text = octets.map(each => writePem('CERTIFICATE', each)).join('text between\n')
  for (const ending of ['\n', '\r\n', '\r']) {
    const found = readPem(text.replaceAll('\n', ending))
    assert.deepEqual(
      found.map(({ der }) => der),
      octets,
    )
    const damaged = `${text}${block('QU=D')}`
    const line = text.split('\n').length
    assert.throws(() => readPem(damaged.replaceAll('\n', ending)), malformed(new RegExp(`line ${line} is not base64`)))
  }
})

test('a message never repeats what stands inside a block', () => {
  assert.throws(
    () => readPem(block('secret!', 'PRIVATE KEY')),
    error => isCoded(error) && !error.message.includes('secret'),
  )
})

test('writing: lines of 64 characters, a final line feed', () => {
  const text = writePem('CERTIFICATE', Buffer.alloc(100, 1))
  assert.ok(text.endsWith('-----END CERTIFICATE-----\n'))
  assert.ok(text.split('\n').every(line => line.length <= 64))
  assert.ok(readPem(text)[0]?.der.equals(Buffer.alloc(100, 1)))
  assert.ok(looksLikePem(Buffer.from(text)))
  assert.ok(!looksLikePem(Buffer.from([0x30, 0])))
})
