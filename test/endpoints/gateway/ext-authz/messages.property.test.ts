// What reads and writes the messages of ext_authz: never crashes, never reads past the end, and what others wrote is read as it was meant.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { loadSync, type MethodDefinition } from '@grpc/proto-loader'
import fc from 'fast-check'
import { readCheckRequest } from '../../../../src/endpoints/gateway/ext-authz/check-request.ts'
import { writeAdmitted, writeDenied } from '../../../../src/endpoints/gateway/ext-authz/check-response.ts'
import { grpcTimeout, unframe } from '../../../../src/endpoints/gateway/ext-authz/grpc.ts'
import { readFields, writeField, writeNumber } from '../../../../src/endpoints/gateway/ext-authz/protobuf.ts'

const proto = loadSync(new URL('../../../support/ext-authz.proto', import.meta.url).pathname, { defaults: true })
const { Check } = proto['envoy.service.auth.v3.Authorization'] as unknown as Record<
  'Check',
  MethodDefinition<object, object>
>
const written = (http: object, source: object = {}) =>
  Check.requestSerialize({ attributes: { source, request: { http } } })
const sample = written(
  { method: 'POST', path: '/a?b', host: 'h', headers: { authorization: 'x', ':path': '/a' }, size: -1 },
  { certificate: 'c', address: { socketAddress: { address: '::1' } } },
)
const bytes = fc.uint8Array({ maxLength: 300 }).map(array => Buffer.from(array))

suite('reading', () => {
  test('anything is a message or none', () => {
    fc.assert(
      fc.property(bytes, some => void readCheckRequest(some)),
      { numRuns: 3_000 },
    )
    fc.assert(fc.property(bytes, some => void unframe(some)))
  })

  test('a message with one octet changed, and every part of one, too', () => {
    fc.assert(
      fc.property(fc.nat(sample.length - 1), fc.nat(255), (at, octet) => {
        const changed = Buffer.from(sample)
        changed[at] = octet
        readCheckRequest(changed)
      }),
      { numRuns: 2_000 },
    )
    for (let length = 0; length < sample.length; length++) {
      const part = readCheckRequest(sample.subarray(0, length))
      assert.ok(typeof part === 'string' || length === 0, String(length))
    }
  })

  test('nothing is read that is not in the buffer', () => {
    const behind = Buffer.concat([sample, Buffer.from('behind')])
    assert.deepEqual(readCheckRequest(behind.subarray(0, sample.length)), readCheckRequest(sample))
  })

  test('what others wrote', () => {
    const text = fc.string({ unit: fc.integer({ min: 1, max: 0x7e }).map(code => String.fromCharCode(code)) })
    const name = fc.stringMatching(/^[a-z][a-z-]{0,10}$/)
    fc.assert(
      fc.property(fc.dictionary(name, text), text, text, text, (headers, method, path, certificate) => {
        const read = readCheckRequest(written({ headers, method, path }, { certificate }))
        assert.ok(typeof read === 'object')
        assert.deepEqual({ ...read.headers }, { ...headers })
        assert.deepEqual([read.method, read.target, read.certificate ?? ''], [method, path, certificate])
      }),
    )
  })

  test('fields that nobody knows are skipped, in every kind; what is there twice is refused', () => {
    const unknown = [
      writeNumber(99, 300),
      Buffer.from([0x99, 0x06, 1, 2, 3, 4, 5, 6, 7, 8]),
      Buffer.from([0x9d, 0x06, 1, 2, 3, 4]),
      writeField(99, 'x'),
      writeNumber(1, 5),
    ]
    assert.deepEqual(readCheckRequest(Buffer.concat([...unknown, sample])), readCheckRequest(sample))
    assert.equal(typeof readCheckRequest(Buffer.concat([sample, sample])), 'string')
    const twice = [writeField(2, 'GET'), writeField(2, 'PUT')]
    assert.equal(typeof readCheckRequest(writeField(1, [writeField(4, [writeField(2, twice)])])), 'string')
    const entry = writeField(3, [writeField(1, 'Authorization'), writeField(2, 'a')])
    const other = writeField(3, [writeField(1, 'authorization'), writeField(2, 'b')])
    assert.equal(typeof readCheckRequest(writeField(1, [writeField(4, [writeField(2, [entry, other])])])), 'string')
    const line = writeField(13, [writeField(1, [writeField(1, 'a'), writeField(3, 'b')])])
    assert.equal(typeof readCheckRequest(writeField(1, [writeField(4, [writeField(2, [entry, line])])])), 'string')
  })

  test('groups, field 0, endless numbers and endless fields are refused', () => {
    for (const bad of [
      [0x0b],
      [0x0c],
      [0x0e],
      [0x0f],
      [0x02, 0],
      Array(11).fill(0x80),
      [0x0a, ...Array(9).fill(0xff), 1],
    ])
      assert.throws(() => readFields(Buffer.from(bad)), /number|kind|cut off|long/)
    assert.throws(() => readFields(Buffer.alloc(8_000, Buffer.from([0x08, 1]))), /too many/)
  })
})

test('what is written, others read', () => {
  const value = fc.string({ unit: 'binary', maxLength: 300 })
  const name = fc.stringMatching(/^[a-z][a-z-]{0,10}$/)
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, value), { maxLength: 5 }),
      fc.array(name, { maxLength: 40 }),
      (headers, removed) => {
        const { status, okResponse } = Check.responseDeserialize(writeAdmitted(headers.flat(), removed)) as Ok
        assert.equal(status.code, 0)
        assert.deepEqual(
          (okResponse.headers ?? []).map(({ header }) => [header.key, header.value]),
          headers,
        )
        assert.deepEqual(okResponse.headersToRemove, removed)
      },
    ),
    { numRuns: 50 },
  )
  const denied = { status: 401, headers: { 'WWW-Authenticate': ['A', 'B'], Vary: 'x' }, body: 'é'.repeat(500) }
  const { status, deniedResponse } = Check.responseDeserialize(writeDenied(denied)) as Denied
  assert.deepEqual([status.code, deniedResponse.status.code, deniedResponse.body], [16, 401, denied.body])
  assert.deepEqual(
    deniedResponse.headers.map(({ header, append }) => [header.key, header.value, append?.value]),
    [
      ['www-authenticate', 'A', false],
      ['www-authenticate', 'B', true],
      ['vary', 'x', false],
    ],
  )
})

test('how long a caller waits', () => {
  assert.deepEqual(['1H', '2M', '3S', '4m', '5u', '1n', '', '1', 'S', '123456789S', '1s', undefined].map(grpcTimeout), [
    3_600_000,
    120_000,
    3000,
    4,
    0.005,
    0.000001,
    ...Array(6).fill(undefined),
  ])
})

interface Header {
  readonly header: { key: string; value: string }
  readonly append?: { value: boolean }
}
interface Ok {
  readonly status: { code: number }
  readonly okResponse: { headers?: Header[]; headersToRemove: string[] }
}
interface Denied {
  readonly status: { code: number }
  readonly deniedResponse: { status: { code: number }; headers: Header[]; body: string }
}
