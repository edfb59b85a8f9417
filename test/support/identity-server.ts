// A whole server on its own files, with people who connect to it: for tests of what holds from the socket to the answer.
import { writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { after } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { systemClock } from '../../src/clock.ts'
import type { BindingStore } from '../../src/identity/bindings/binding-store.ts'
import { createSqlBindingStore } from '../../src/identity/bindings/sql-binding-store.ts'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import type { UserStore } from '../../src/identity/users/user.ts'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../src/pki/keystore/change.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { auditRecords } from './audit-records.ts'
import { type Issued, testAuthority } from './certificates.ts'
import { scratchFolder } from './scratch.ts'
import { serveFrom } from './server.ts'

const password = 'trustworthy'

export interface Setting {
  /** entries of the trust store, by alias */
  readonly anchors: Readonly<Record<string, Issued>>
  /** the same of trust stores that are for one tenant, by tenant and alias */
  readonly tenants?: Readonly<Record<string, Readonly<Record<string, Issued>>>>
  readonly bindings?: readonly object[]
  readonly mutualTls?: object
  readonly basic?: object
  readonly routes?: readonly object[]
  readonly proxies?: readonly object[]
  readonly revocation?: object
  /** more keys of the listener */
  readonly listener?: object
  /** default: no record is kept */
  readonly audit?: 'kept'
}

export interface Answer {
  readonly status: number
  readonly body: {
    readonly user?: string
    readonly tenant?: string
    readonly authenticatedBy?: string
    readonly code?: string
    readonly detail?: string
  }
  readonly challenges: string | undefined
  readonly retryAfter: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly socket: TLSSocket
}

type RequestFields = Readonly<Record<string, string | readonly string[]>>

export interface Client {
  /** one request; connections are kept and used again */
  get(headers?: RequestFields, target?: { readonly path?: string; readonly method?: string }): Promise<Answer>
  /** the user, or the code of the refusal */
  whoami(headers?: RequestFields): Promise<string | undefined>
  /** fulfilled when the connection of that answer has ended */
  ended(answer: Answer): Promise<void>
}

export interface IdentityServer {
  readonly url: string
  /** PEM of the authority of the server's certificate */
  readonly ca: string
  /** the store as another process has it open */
  readonly storage: Storage
  /** A client with this certificate (none when left out); `chain` is what it sends, its own certificates when left out. */
  client(certificate?: Issued, options?: { chainPem?: string; rejectUnauthorized?: boolean }): Client
  /** the stores as another process has them open */
  readonly users: UserStore
  readonly bindings: BindingStore
  /** The audit record so far, where one is kept. */
  audited(): readonly Record<string, unknown>[]
  /** Writes other settings and reloads. */
  become(setting: Partial<Setting>): Promise<void>
  /** Writes other settings, which the server has to refuse. */
  refuseToBecome(setting: Partial<Setting>): Promise<void>
}

/** Call it at the top of the file: it ends when the file's tests are done. */
export async function identityServer(setting: Setting): Promise<IdentityServer> {
  const folder = scratchFolder()
  const root = testAuthority({ name: 'Server CA' })
  const identity = root.issueServer()
  const key = setPrivateKey(emptyKeyStore('PKCS12'), 'server', {
    key: identity.privateKey,
    chain: [identity.certificate],
  })
  writeFileSync(join(folder, 'server.p12'), encodeKeyStore(key, { password }))
  let present = setting
  const write = (): string => {
    for (const [name, anchors] of trustStores(present)) {
      let store = emptyKeyStore('PKCS12')
      for (const [alias, { certificate }] of Object.entries(anchors))
        store = setTrustedCertificate(store, alias, certificate)
      writeFileSync(join(folder, name), encodeKeyStore(store, { password }))
    }
    const yaml = JSON.stringify(configuration(present))
    writeFileSync(join(folder, 'countersign.yaml'), yaml)
    return yaml
  }
  const server = await serveFrom(folder, write())
  after(() => server.stop('the test is over'))
  const storage = await openStorage({ kind: 'sqlite', file: join(folder, 'users.db') })
  after(() => storage.close())
  const become = async (next: Partial<Setting>, expected: string) => {
    present = { ...present, ...next }
    write()
    const outcome = await server.reload('a test')
    if (outcome !== expected) throw new Error(`the reload was ${outcome}`)
  }
  return {
    url: server.url,
    ca: root.pem,
    storage,
    client: (certificate, options) => connect(server.url, root.pem, certificate, options),
    users: createSqlUserStore({ storage, hasher: createPasswordHasher() }),
    bindings: createSqlBindingStore(storage, systemClock),
    audited: () => auditRecords(join(folder, 'audit.jsonl')),
    become: next => become(next, 'reloaded'),
    refuseToBecome: next => become(next, 'refused'),
  }
}

/** By file name; nobody's is left out where tenants have theirs. */
function trustStores({ anchors, tenants = {} }: Setting): [string, Setting['anchors'], string | undefined][] {
  const own = Object.entries(tenants).map(([tenant, those]): ReturnType<typeof trustStores>[number] => [
    `${tenant}.p12`,
    those,
    tenant,
  ])
  return own.length > 0 && Object.keys(anchors).length === 0 ? own : [['trust.p12', anchors, undefined], ...own]
}

function configuration(setting: Setting): object {
  const { bindings = [], mutualTls, basic, routes = [], proxies = [], revocation = {}, listener } = setting
  return {
    listeners: [
      {
        address: '127.0.0.1',
        port: 0,
        clientAuth: 'want',
        keyStore: { file: 'server.p12', password },
        trustStore: trustStores(setting).map(([file, , tenant]) => ({ file, password, ...(tenant && { tenant }) })),
        ...listener,
      },
    ],
    management: { enabled: false },
    authenticators: { 'mutual-tls': { bindings, ...mutualTls }, basic: { enabled: false, ...basic } },
    users: { store: 'sqlite', file: 'users.db' },
    routes,
    proxies,
    revocation,
    audit: { enabled: setting.audit === 'kept', file: 'audit.jsonl' },
  }
}

function connect(
  url: string,
  ca: string,
  certificate: Issued | undefined,
  options: { chainPem?: string } = {},
): Client {
  const identity = certificate && { key: certificate.keyPem, cert: options.chainPem ?? certificate.chainPem }
  // Whatever Host a request says, it is this server that is spoken to.
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca, servername: 'localhost', ...identity })
  after(() => agent.destroy())
  const get: Client['get'] = (headers = {}, { path = '/whoami', method = 'GET' } = {}) =>
    new Promise((resolve, reject) => {
      const fields = headers as Record<string, string | string[]>
      const sent = request(`${url}${path}`, { agent, method, headers: fields }, async response => {
        const socket = response.socket as TLSSocket
        const chunks = await response.toArray()
        const text = Buffer.concat(chunks).toString('utf8')
        const body = text === '' ? {} : JSON.parse(text)
        const challenges = response.headers['www-authenticate']
        const retryAfter = response.headers['retry-after']
        const { statusCode: status = 0, headers } = response
        resolve({ status, body, challenges, retryAfter, headers, socket })
      })
      sent.on('error', reject)
      sent.end()
    })
  return {
    get,
    async whoami(headers) {
      const { body } = await get(headers)
      return body.user ?? body.code
    },
    ended: ({ socket }) =>
      new Promise(resolve => {
        if (socket.destroyed) resolve()
        else socket.once('close', () => resolve())
      }),
  }
}
