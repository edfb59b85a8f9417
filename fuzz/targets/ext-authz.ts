import { readCheckRequest } from '../../src/endpoints/gateway/ext-authz/check-request.ts'
import { unframe } from '../../src/endpoints/gateway/ext-authz/grpc.ts'
import { writeField, writeNumber } from '../../src/endpoints/gateway/ext-authz/protobuf.ts'
import { mutateBytes } from '../mutate-bytes.ts'
import { magnitude } from '../outcome.ts'
import type { Target } from '../target.ts'

const entry = (name: string, value: string) => writeField(3, [writeField(1, name), writeField(2, value)])
const line = (name: string, value: string) => writeField(1, [writeField(1, name), writeField(3, value)])
const message = (http: readonly Buffer[]) =>
  writeField(1, [
    writeField(1, [
      writeField(1, [writeField(1, [writeField(2, '192.0.2.7'), writeNumber(3, 55_555)])]),
      writeField(5, '-----BEGIN%20CERTIFICATE-----'),
    ]),
    writeField(4, [writeField(2, http)]),
  ])
const request = [writeField(2, 'GET'), writeField(4, '/orders?x=1'), writeField(5, 'localhost')]

function framed(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

export const extAuthzTargets: readonly Target[] = [
  {
    name: 'check-request',
    seeds: [
      framed(message([...request, entry('authorization', 'Basic x'), entry(':path', '/')])),
      message([...request, writeField(13, [line('cookie', 'a'), line('cookie', 'b')])]),
      message([writeNumber(9, 2 ** 40)]),
    ],
    limitMs: 2_000,
    weight: 300,
    mutate: mutateBytes,
    run(input) {
      const body = unframe(input)
      const read = readCheckRequest(Buffer.isBuffer(body) ? body : input)
      if (typeof read === 'string') return read
      const { method, target, headers, certificate, address } = read
      if (Object.keys(headers).some(name => name.startsWith(':'))) throw new Error('a pseudo-header field got through')
      const told = [method, target, certificate, address].map(text => magnitude(text?.length ?? 0))
      return `${Buffer.isBuffer(body)} ${told.join(' ')} ${magnitude(Object.keys(headers).length)}`
    },
  },
]
