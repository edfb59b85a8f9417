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

// The stubs of UserAdmin were made from a WSDL that is not among the suites. What it holds: the fields of each call, then what it answers.
const userAdmin: Readonly<Record<string, readonly [fields: string, answer: string]>> = {
  addInternalRole: ['roleName userList* permissions*', ''],
  addRemoveRolesOfUser: ['userName newRoles* deletedRoles*', ''],
  addRemoveUsersOfRole: ['roleName newUsers* deletedUsers*', ''],
  addRole: ['roleName userList* permissions* isSharedRole:boolean', ''],
  addUser: ['userName password roles* claims:ClaimValue* profileName', ''],
  bulkImportUsers: ['userStoreDomain fileName handler:base64Binary defaultPassword', ''],
  changePassword: ['userName newPassword', ''],
  changePasswordByUser: ['userName oldPassword newPassword', ''],
  deleteRole: ['roleName', ''],
  deleteUser: ['userName', ''],
  getAllPermittedRoleNames: ['filter permission limit:int', 'FlaggedName*'],
  getAllRolesNames: ['filter limit:int', 'FlaggedName*'],
  getAllSharedRoleNames: ['filter limit:int', 'FlaggedName*'],
  getAllUIPermissions: ['', 'UIPermissionNode'],
  getRolePermissions: ['roleName', 'UIPermissionNode'],
  getRolesOfCurrentUser: ['', 'FlaggedName*'],
  getRolesOfUser: ['userName filter limit:int', 'FlaggedName*'],
  getUserRealmInfo: ['', 'UserRealmInfo'],
  getUsersOfRole: ['roleName filter limit:int', 'FlaggedName*'],
  hasMultipleUserStores: ['', 'boolean'],
  isSharedRolesEnabled: ['', 'boolean'],
  listAllUsers: ['filter limit:int', 'FlaggedName*'],
  listAllUsersWithPermission: ['filter permission limit:int', 'FlaggedName*'],
  listUserByClaim: ['claimValue:ClaimValue filter maxLimit:int', 'FlaggedName*'],
  listUserByClaimWithPermission: ['claimValue:ClaimValue filter permission maxLimit:int', 'FlaggedName*'],
  listUsers: ['filter limit:int', 'string*'],
  setRoleUIPermission: ['roleName rawResources*', ''],
  updateRoleName: ['roleName newRoleName', ''],
  updateRolesOfUser: ['userName newRoleList*', ''],
  updateUsersOfRole: ['roleName userList:FlaggedName*', ''],
}

const userAdminTypes: Readonly<Record<string, string>> = {
  ClaimValue: 'claimURI value',
  FlaggedName:
    'dn domainName editable:boolean itemDisplayName itemName readOnly:boolean roleType selected:boolean shared:boolean',
  UIPermissionNode: 'displayName nodeList:UIPermissionNode* resourcePath selected:boolean',
  UserRealmInfo:
    'adminRole adminUser bulkImportSupported:boolean defaultUserClaims* domainNames* enableUIPageCache:boolean everyOneRole ' +
    'maxItemsPerUIPage:int maxUIPagesInCache:int multipleUserStore:boolean primaryUserStoreInfo:UserStoreInfo requiredUserClaims* ' +
    'userClaims* userStoresInfo:UserStoreInfo*',
  UserStoreInfo:
    'bulkImportSupported:boolean caseSensitiveUsername:boolean domainName externalIdP maxRoleLimit:int maxUserLimit:int passwordRegEx ' +
    'passwordRegExViolationErrorMsg passwordsExternallyManaged:boolean readGroupsEnabled:boolean readOnly:boolean roleNameRegEx ' +
    'userNameRegEx usernameRegExViolationErrorMsg writeGroupsEnabled:boolean',
}

test('UserAdmin: the operations of the original, no others, and their types', () => {
  const { operations, elements, types } = shapeOf(
    parse(renderWsdl(soapServices.UserAdmin, 'https://localhost/services')),
  )
  const short = (fields: readonly string[]) =>
    fields.map(field => field.replace(': ', ':').replace(/:string(\*?)$/, '$1'))
  const element = (name: string) => elements[`http://org.apache.axis2/xsd ${name}`]
  const ours = Object.keys(operations).map(name => {
    const answer = element(`${name}Response`)?.map(field => field.replace('return: ', '')) ?? []
    return [name, [short(element(name)!).join(' '), answer.join(' ')]]
  })
  assert.deepEqual(Object.fromEntries(ours), userAdmin)
  for (const [name, fields] of Object.entries(userAdminTypes))
    assert.equal(short(types[`http://common.mgt.user.carbon.wso2.org/xsd ${name}`]!).join(' '), fields, name)
})
