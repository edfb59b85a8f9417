import { type AccessRuleOptions, accessRulesOptions } from '../../identity/access/rule-options.ts'

const base = '/permission/admin/manage/identity'

/**
 * Who may do what with SCIM when the configuration says nothing else: the rules that identity.xml of WSO2 Identity Server 5.6.0 comes with,
 * and after them what it left out and therefore open: searches by POST, and the documents about the server in the paths of a tenant.
 */
export const defaultScimAccess: readonly AccessRuleOptions[] = accessRulesOptions.parse([
  ...resources('Users', 'usermgt', 'list'),
  ...resources('Groups', 'rolemgt', 'view'),
  { path: '(.*)/scim2/Me', methods: ['GET', 'PUT', 'PATCH'], permissions: ['/permission/admin/login'] },
  { path: '(.*)/scim2/Me', methods: ['DELETE'], permissions: [`${base}/usermgt/delete`] },
  { path: '(.*)/scim2/Me', methods: ['POST'], permissions: [`${base}/usermgt/create`] },
  { path: '(.*)/scim2/Bulk', permissions: [`${base}/usermgt`] },
  { path: '(.*)/scim2/(?:ServiceProviderConfig|ResourceTypes?|Schemas)(?:/.*)?', methods: ['GET'], caller: 'anyone' },
])

function resources(name: string, area: string, search: string): object[] {
  const all = `(.*)/scim2/${name}`
  const one = `${all}/(.*)`
  const permit = (verb: string) => ({ permissions: [`${base}/${area}/${verb}`] })
  return [
    { path: all, methods: ['POST'], ...permit('create') },
    { path: all, methods: ['GET'], ...permit(search) },
    { path: `${all}/\\.search`, methods: ['POST'], ...permit(search) },
    { path: one, methods: ['GET'], ...permit('view') },
    { path: one, methods: ['PUT', 'PATCH'], ...permit('update') },
    { path: one, methods: ['DELETE'], ...permit('delete') },
  ]
}
