// An application's own server with the library in front of it, and clients that connect to it.
import { writeFileSync } from 'node:fs'
import { Agent, type RequestOptions, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after } from 'node:test'
import type { TLSSocket } from 'node:tls'
import type { UnreadConfiguration } from '../../src/config/schema.ts'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import type { UserStore } from '../../src/identity/users/user.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { type Issued, type TestAuthority, testAuthority } from './certificates.ts'
import { scratchFolder } from './scratch.ts'

export interface ApplicationHome {
  readonly folder: string
  readonly config: UnreadConfiguration
  readonly serverAuthority: TestAuthority
  readonly server: Issued
  readonly clients: TestAuthority
  readonly alice: Issued
  /** of an authority that nobody trusts here */
  readonly mallory: Issued
  /** as another process has them open */
  readonly storage: Storage
  readonly users: UserStore
  /** what the trust store is to hold from now on */
  trust(...authorities: Issued[]): void
}

/** Files, and users: alice (a buyer, and carol as well when she says so) and bob. */
export async function applicationHome(): Promise<ApplicationHome> {
  const folder = scratchFolder()
  const serverAuthority = testAuthority({ name: 'Server CA' })
  const clients = testAuthority({ name: 'Client CA' })
  const server = serverAuthority.issueServer()
  const trust = (...authorities: Issued[]) =>
    writeFileSync(join(folder, 'clients.pem'), authorities.map(({ pem }) => pem).join(''))
  writeFileSync(join(folder, 'server.pem'), server.pem + server.keyPem, { mode: 0o600 })
  trust(clients)
  const listener = { keyStore: { file: 'server.pem' }, trustStore: [{ file: 'clients.pem' }] }
  const config: UnreadConfiguration = {
    listeners: [
      { name: 'main', ...listener },
      { name: 'strict', clientAuth: 'need', ...listener },
    ],
    management: { enabled: false },
    authenticators: {
      'mutual-tls': {
        bindings: [
          { subject: 'CN=alice', users: ['alice', 'carol'] },
          { subject: 'CN=bob', users: ['bob'] },
        ],
      },
    },
    users: { store: 'sqlite', file: 'users.db' },
    audit: { enabled: false },
    log: { level: 'silent' },
  }
  const storage = await openStorage({ kind: 'sqlite', file: join(folder, 'users.db') })
  after(() => storage.close())
  const users = createSqlUserStore({ storage, hasher: createPasswordHasher() })
  await users.add({ tenant: 'default', name: 'alice', roles: ['buyer'] })
  await users.add({ tenant: 'default', name: 'carol' })
  await users.add({ tenant: 'default', name: 'bob' })
  const alice = clients.issue({ subject: 'CN=alice' })
  const mallory = testAuthority({ name: 'Other CA' }).issue({ subject: 'CN=alice' })
  return { folder, config, serverAuthority, server, clients, alice, mallory, storage, users, trust }
}

export interface Reply {
  readonly status: number
  readonly type: string | undefined
  readonly text: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly socket: TLSSocket
  readonly resumed: boolean
}

/** Something that asks one server, on one connection as long as that stands. */
export interface Asker {
  ask(options?: RequestOptions & { readonly body?: string }): Promise<Reply>
  /** the status that a CONNECT gets */
  connect(options: RequestOptions): Promise<number>
  /** the code of the problem, or the text of the answer */
  who(options?: RequestOptions): Promise<string>
  /** the last ticket that the server gave */
  session(): Buffer | undefined
}

export function asker(
  port: number,
  ca: TestAuthority,
  certificate?: Issued,
  { session }: { session?: Buffer | undefined } = {},
): Asker {
  const identity = certificate && { key: certificate.keyPem, cert: certificate.chainPem }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  after(() => agent.destroy())
  let ticket: Buffer | undefined
  let watched: object | undefined
  const ask: Asker['ask'] = ({ body, ...options } = {}) =>
    new Promise((resolve, reject) => {
      const at = { host: '127.0.0.1', port, servername: 'localhost', ca: ca.pem, agent, session, ...identity }
      const sent = request(
        { ...at, ...options, headers: { host: 'localhost', ...options.headers } },
        async response => {
          const { statusCode: status = 0, headers } = response
          const socket = response.socket as TLSSocket
          const resumed = socket.isSessionReused()
          try {
            const text = Buffer.concat(await response.toArray()).toString('utf8')
            resolve({ status, type: headers['content-type'], text, headers, socket, resumed })
          } catch (error) {
            reject(error)
          }
        },
      )
      sent.once('socket', socket => {
        if (watched === socket) return
        watched = socket
        socket.on('session', given => (ticket = given))
      })
      sent.once('error', reject)
      sent.end(body)
    })
  return {
    ask,
    connect: options =>
      new Promise((resolve, reject) => {
        const sent = request({
          host: '127.0.0.1',
          port,
          servername: 'localhost',
          ca: ca.pem,
          agent,
          ...identity,
          ...options,
        })
        sent.once('connect', ({ statusCode = 0 }, socket) => {
          socket.destroy()
          resolve(statusCode)
        })
        sent.once('error', reject).end()
      }),
    async who(options) {
      const { type, text } = await ask(options)
      return type?.startsWith('application/problem+json') ? JSON.parse(text).code : text
    },
    session: () => ticket,
  }
}

/** Lets it listen on a free port of this machine. */
export async function listening(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

export function closed(socket: TLSSocket): Promise<void> {
  return new Promise(resolve => (socket.destroyed ? resolve() : socket.once('close', () => resolve())))
}
