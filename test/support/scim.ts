// A whole server that speaks SCIM, with people of several permissions who connect to it by their certificates.
import { after } from 'node:test'
import { Agent, type Dispatcher, request } from 'undici'
import type { DirectoryUser, Permission } from '../../src/identity/users/directory.ts'
import { type Issued, testAuthority } from './certificates.ts'
import { type Home, openHome } from './home.ts'

export const core = 'urn:ietf:params:scim:schemas:core:2.0'
export const messages = 'urn:ietf:params:scim:api:messages:2.0'
export const identity = '/permission/admin/manage/identity'

export interface ScimAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // biome-ignore lint/suspicious/noExplicitAny: JSON, which each test knows
  readonly body: any
  readonly text: string
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>
  /** an object is sent as SCIM, a text as it is */
  readonly body?: object | string
}

/** Sends requests over mutual TLS as one user, to paths behind `/scim2`, or whole ones that begin with `/t/` or `/scim2`. */
export type Ask = (method: string, path: string, asking?: Asking) => Promise<ScimAnswer>

export interface ScimServer {
  readonly home: Home
  readonly url: string
  /** Everybody's certificate acts as the user that its common name says; `bob@wso2.com` is bob of that tenant. */
  certificate(user: string): Issued
  /** with a certificate for the user; without a name: with none */
  as(user?: string): Ask
  /** Adds a user, and a role of the same name that holds the permissions. */
  addUser(
    name: string,
    permissions?: readonly string[],
    options?: { tenant?: string; roles?: readonly string[] },
  ): Promise<DirectoryUser>
}

/** Call it at the top of the file: it ends when the file's tests are done. */
export async function openScim(scim: object = {}, configuration: object = {}): Promise<ScimServer> {
  const authority = testAuthority({ name: 'Client CA' })
  const partners = testAuthority({ name: 'Partner CA' })
  const home = await openHome({
    anchors: { clients: authority, partners },
    configuration: {
      authenticators: {
        'mutual-tls': {
          enabled: true,
          bindings: [
            { anchor: 'clients', user: { from: 'subject.CN' } },
            { anchor: 'partners', tenant: 'wso2.com', user: { from: 'subject.CN' } },
          ],
        },
        basic: { enabled: true },
      },
      scim: { enabled: true, ...scim },
      ...configuration,
    },
    listener: { clientAuth: 'want' },
  })
  const url = `https://localhost:${home.port}`
  const agents: Agent[] = []
  after(() => Promise.all(agents.map(agent => agent.destroy())))
  const certificates = new Map<string, Issued>()
  const certificate = (user: string): Issued => {
    const [name = '', tenant] = user.split('@')
    const issuer = tenant === undefined ? authority : partners
    const known = certificates.get(user) ?? issuer.issue({ subject: [{ type: 'CN', value: name }] })
    certificates.set(user, known)
    return known
  }

  function as(user?: string): Ask {
    const identity = user === undefined ? {} : { cert: certificate(user).chainPem, key: certificate(user).keyPem }
    const agent = new Agent({ connect: { ca: home.serverAuthority.pem, ...identity }, connections: 4 })
    agents.push(agent)
    return async (method, path, { headers = {}, body } = {}) => {
      const answer = await request(`${url}${/^\/(?:t|scim2)\//.test(path) ? '' : '/scim2'}${path}`, {
        method: method as Dispatcher.HttpMethod,
        dispatcher: agent,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.body.text()
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text,
        body: text.startsWith('{') ? JSON.parse(text) : undefined,
      }
    }
  }

  await home.directory.roles.add({ tenant: 'default', name: 'admin' })
  await home.directory.users.add({ tenant: 'default', name: 'admin', roles: ['admin'], password: 'admin-password' })
  return {
    home,
    url,
    certificate,
    as,
    async addUser(name, permissions = [], { tenant = 'default', roles = [] } = {}) {
      const { directory } = home
      const allowed = permissions.map((resource): Permission => ({ resource, action: 'ui.execute', effect: 'allow' }))
      if (permissions.length > 0) await directory.roles.add({ tenant, name, permissions: allowed })
      const own = permissions.length > 0 ? [name] : []
      return directory.users.add({ tenant, name, roles: [...roles, ...own] })
    },
  }
}

export const userBody = (userName: string, more: object = {}) => ({ schemas: [`${core}:User`], userName, ...more })
export const groupBody = (displayName: string, members: readonly string[] = []) => ({
  schemas: [`${core}:Group`],
  displayName,
  members: members.map(value => ({ value })),
})
export const patchBody = (...operations: object[]) => ({ schemas: [`${messages}:PatchOp`], Operations: operations })
