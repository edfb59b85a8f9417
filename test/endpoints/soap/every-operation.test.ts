import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Type } from '../../../src/endpoints/soap/schema/type.ts'
import { soapServices } from '../../../src/endpoints/soap/services/all.ts'
import { openHost } from './host.ts'

const host = await openHost()

/** A value of its kind that names nobody and nothing. */
function childFor(name: string, type: Type): string {
  if (type.kind === 'list' || type.kind === 'complex') return ''
  const value = type.kind === 'string' ? '/nothing' : type.kind === 'boolean' ? 'false' : type.kind === 'int' ? '1' : ''
  return /profile/i.test(name) ? '' : `<w:${name}>${value}</w:${name}>`
}

for (const service of Object.values(soapServices)) {
  test(`${service.name}: every operation answers the admin, or says why it does not`, async () => {
    for (const { name, request, result } of service.operations.values()) {
      const children = Object.entries(request).map(([field, type]) => childFor(field, type))
      const reply = await host.call(service.name, service.namespace, name, children.join(''))
      if (reply.fault === undefined) {
        assert.equal(reply.status, result === undefined ? 202 : 200, name)
        assert.equal(reply.body.includes(`<ns:${name}Response`), result !== undefined, name)
        continue
      }
      assert.deepEqual([reply.status, reply.fault.code], [500, 'Server'], `${name}: ${reply.fault.text}`)
      assert.notEqual(reply.fault.problem, 'internal_error', name)
      assert.ok(reply.fault.text.length > 5, name)
    }
  })
}
