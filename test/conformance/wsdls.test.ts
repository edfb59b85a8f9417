// Our WSDLs against those of WSO2: a stub that was made from one has to work with the other.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { soapServices } from '../../src/endpoints/soap/services/all.ts'
import { renderWsdl } from '../../src/endpoints/soap/wsdl/wsdl.ts'
import type { XmlElement } from '../../src/endpoints/soap/xml/element.ts'
import { parseXml } from '../../src/endpoints/soap/xml/parse.ts'

const folder = join(import.meta.dirname, '../../../shared/suites/wso2/wsdl')
const skip = existsSync(folder) ? false : `${folder} is not there`

const limits = { maxDepth: 64, maxElements: 100_000, maxAttributes: 64 }

function parse(text: string): XmlElement {
  const parsed = parseXml(Buffer.from(text), limits)
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.detail)
  return parsed.root
}

const attribute = (element: XmlElement | undefined, name: string) =>
  element?.attributes.find(each => each.name === name && (each.namespace === '' || name === 'Action'))?.value

function* all(element: XmlElement, name: string): Generator<XmlElement> {
  if (element.name === name) yield element
  for (const child of element.children) yield* all(child, name)
}

const within = (element: XmlElement | undefined, name: string) =>
  (element?.children ?? []).filter(child => child.name === name)

/** Name, type without its prefix, and whether there may be many. */
function fieldsOf(element: XmlElement): string[] {
  return [...all(element, 'element')]
    .filter(field => field !== element)
    .map(field => {
      const type = attribute(field, 'type')?.replace(/^[^:]*:/, '')
      return `${attribute(field, 'name')}: ${type}${attribute(field, 'maxOccurs') === 'unbounded' ? '*' : ''}`
    })
}

/** What stubs are made from, without prefixes and order. */
function shapeOf(wsdl: XmlElement) {
  const elements: Record<string, string[]> = {}
  const types: Record<string, string[]> = {}
  for (const schema of all(wsdl, 'schema')) {
    const namespace = attribute(schema, 'targetNamespace')
    for (const element of within(schema, 'element'))
      elements[`${namespace} ${attribute(element, 'name')}`] = fieldsOf(element)
    for (const type of within(schema, 'complexType')) types[`${namespace} ${attribute(type, 'name')}`] = fieldsOf(type)
  }
  const messages = Object.fromEntries(
    within(wsdl, 'message').map(message => [
      attribute(message, 'name'),
      within(message, 'part').map(part => attribute(part, 'element')?.replace(/^[^:]*:/, '')),
    ]),
  )
  const operations = Object.fromEntries(
    within(within(wsdl, 'portType')[0], 'operation').map(operation => {
      const [input] = within(operation, 'input')
      const [output] = within(operation, 'output')
      const message = (of: XmlElement | undefined) => attribute(of, 'message')?.replace(/^[^:]*:/, '')
      return [
        attribute(operation, 'name')!,
        {
          input: messages[message(input)!],
          output: output === undefined ? 'none' : messages[message(output)!],
          action: attribute(input, 'Action'),
        },
      ]
    }),
  )
  const actions = Object.fromEntries(
    within(wsdl, 'binding').map(binding => [
      attribute(binding, 'name'),
      within(binding, 'operation')
        .map(operation => `${attribute(operation, 'name')} ${attribute(operation.children[0], 'soapAction')}`)
        .toSorted(),
    ]),
  )
  const ports = [...all(wsdl, 'port')].map(
    port =>
      `${attribute(port, 'name')} ${attribute(port, 'binding')?.replace(/^[^:]*:/, '')} ${attribute(port.children[0], 'location')?.replace(/^https:\/\/[^/]*/, '')}`,
  )
  return { namespace: attribute(wsdl, 'targetNamespace'), elements, types, operations, actions, ports }
}

suite('the WSDLs of WSO2', { skip }, () => {
  for (const name of [
    'RemoteUserStoreManagerService',
    'RemoteAuthorizationManagerService',
    'AuthenticationAdmin',
    'LoggedUserInfoAdmin',
    'TenantMgtAdminService',
    'ServerAdmin',
  ] as const) {
    test(`${name}: every operation, element and type of theirs is in ours, and the same`, () => {
      const theirs = shapeOf(parse(readFileSync(join(folder, `${name}.wsdl`), 'utf8')))
      const ours = shapeOf(parse(renderWsdl(soapServices[name], 'https://localhost:9443/services')))
      assert.ok(Object.keys(theirs.operations).length > 0 && Object.keys(theirs.elements).length > 0)
      assert.equal(ours.namespace, theirs.namespace)
      assert.deepEqual(ours.operations, { ...ours.operations, ...theirs.operations })
      assert.deepEqual(Object.keys(ours.operations).toSorted(), Object.keys(theirs.operations).toSorted())
      assert.deepEqual(ours.elements, { ...ours.elements, ...theirs.elements })
      assert.deepEqual(ours.types, { ...ours.types, ...theirs.types })
      assert.deepEqual(ours.actions, theirs.actions)
      assert.deepEqual(ours.ports, theirs.ports)
    })
  }
})
