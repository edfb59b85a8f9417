// A whole server on files that a test changes under it, restarts and reads the logs of; with clients that are plain TLS sockets.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'
import { systemClock } from '../../src/clock.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import type { BindingStore } from '../../src/identity/bindings/binding-store.ts'
import { createSqlBindingStore } from '../../src/identity/bindings/sql-binding-store.ts'
import { createLockStore, type LockStore } from '../../src/identity/revocation/locks.ts'
import type { Directory } from '../../src/identity/users/directory.ts'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlDirectory } from '../../src/identity/users/sql/create-sql-directory.ts'
import { createSqlUserStore } from '../../src/identity/users/sql-user-store.ts'
import type { UserStore } from '../../src/identity/users/user.ts'
import { type Log, silentLog } from '../../src/log.ts'
import { emptyKeyStore, setPrivateKey, setTrustedCertificate } from '../../src/pki/keystore/change.ts'
import { encodeKeyStore } from '../../src/pki/keystore/save.ts'
import { type RunningServer, start } from '../../src/start/start.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import type { StorageOptions } from '../../src/storage/storage.ts'
import { auditRecords } from './audit-records.ts'
import { type Issued, type TestAuthority, testAuthority } from './certificates.ts'
import { scratchFolder } from './scratch.ts'

export const storePassword = 'trustworthy'

export interface Home {
  readonly folder: string
  readonly serverAuthority: TestAuthority
  server: RunningServer
  readonly port: number
  /** the stores as another process has them open */
  readonly users: UserStore
  readonly directory: Directory
  readonly bindings: BindingStore
  readonly locks: LockStore
  /** Writes a file of the home in place of the one that was there, by a rename. */
  write(name: string, content: string | Uint8Array): void
  configure(configuration: object): void
  trust(anchors: Readonly<Record<string, Issued>>): void
  serverKey(identity: Issued): void
  restart(): Promise<void>
  /** A connection whose handshake is done. */
  connect(options?: ConnectOptions): Promise<TLSSocket>
  /** One connection and one `GET /whoami` on it. */
  ask(options?: ConnectOptions): Promise<Asked>
  audit(): readonly Record<string, unknown>[]
}

export interface ConnectOptions {
  readonly certificate?: Issued | undefined
  readonly tls?: SecureVersion
  readonly session?: Buffer | undefined
  readonly alpn?: readonly string[]
}

export interface Asked {
  readonly status: number
  /** the user, or the code of the refusal */
  readonly who: string
  readonly resumed: boolean
  readonly session: Buffer | undefined
}

export interface HomeOptions {
  readonly anchors: Readonly<Record<string, Issued>>
  /** merged over a plain configuration; `listener` over its listener */
  readonly configuration?: object
  readonly listener?: object
  /** further files, by their path in the home */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly log?: Log
  /** where the configuration has the users, when that is not the file of the home */
  readonly storage?: StorageOptions
}

/** Call it at the top of the file: it ends when the file's tests are done. */
export async function openHome({
  anchors,
  configuration = {},
  listener = {},
  files = {},
  log = silentLog,
  storage: where,
}: HomeOptions): Promise<Home> {
  const folder = scratchFolder()
  const serverAuthority = testAuthority({ name: 'Server CA' })
  const file = join(folder, 'countersign.yaml')
  const write: Home['write'] = (name, content) => {
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.new`, content)
    renameSync(`${path}.new`, path)
  }
  const home = {
    folder,
    serverAuthority,
    write,
    configure: (next: object) => write('countersign.yaml', JSON.stringify(merged(next, listener))),
    trust(entries: Readonly<Record<string, Issued>>) {
      let store = emptyKeyStore('PKCS12')
      for (const [alias, { certificate }] of Object.entries(entries))
        store = setTrustedCertificate(store, alias, certificate)
      write('security/trust.p12', encodeKeyStore(store, { password: storePassword }))
    },
    serverKey({ privateKey, certificate }: Issued) {
      const store = setPrivateKey(emptyKeyStore('PKCS12'), 'server', { key: privateKey, chain: [certificate] })
      write('security/server.p12', encodeKeyStore(store, { password: storePassword }))
    },
    audit: () => auditRecords(join(folder, 'data/audit.jsonl')),
  }
  for (const [name, content] of Object.entries(files)) write(name, content)
  home.trust(anchors)
  home.serverKey(serverAuthority.issueServer())
  home.configure(configuration)
  const begin = () => start(loadConfiguration(file, { env: {} }), { log })
  let server = await begin()
  after(() => server.stop('the test is over'))
  const storage = await openStorage(where ?? { kind: 'sqlite', file: join(folder, 'data/users.db') })
  const hasher = createPasswordHasher()
  after(() => storage.close())
  const sockets = new Set<TLSSocket>()
  after(() => {
    for (const socket of sockets) socket.destroy()
  })
  const port = () => server.listeners[0]!.port

  const open: Home['connect'] = ({ certificate, tls, session, alpn = ['http/1.1'] } = {}) =>
    new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port: port(),
        servername: 'localhost',
        ca: serverAuthority.pem,
        ALPNProtocols: [...alpn],
        ...(certificate ? { key: certificate.keyPem, cert: certificate.chainPem } : {}),
        ...(tls ? { minVersion: tls, maxVersion: tls } : {}),
        ...(session ? { session } : {}),
      })
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.once('secureConnect', () => resolve(socket)).on('error', reject)
    })

  return {
    ...home,
    get server() {
      return server
    },
    get port() {
      return port()
    },
    users: createSqlUserStore({ storage, hasher }),
    directory: createSqlDirectory({ storage, hasher, clock: systemClock }),
    bindings: createSqlBindingStore(storage, systemClock),
    locks: createLockStore(storage, systemClock),
    async restart() {
      await server.stop('a restart')
      server = await begin()
    },
    connect: open,
    async ask(options = {}) {
      const socket = await open(options)
      // with TLS 1.2 it came during the handshake, with TLS 1.3 it comes after
      let session = socket.getProtocol() === 'TLSv1.2' ? socket.getSession() : undefined
      socket.on('session', ticket => {
        session = ticket
      })
      const resumed = socket.isSessionReused()
      socket.write('GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
      const text = Buffer.concat(await socket.toArray()).toString('utf8')
      const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
      return {
        status: Number(text.split(' ')[1]),
        who: body.user ?? body.code,
        resumed,
        session,
      }
    },
  }
}

function merged(configuration: object, listener: object): object {
  return {
    listeners: [
      {
        address: '127.0.0.1',
        port: 0,
        keyStore: { file: 'security/server.p12', password: storePassword },
        trustStore: [{ file: 'security/trust.p12', password: storePassword }],
        ...listener,
      },
    ],
    management: { enabled: false },
    users: { file: 'data/users.db' },
    ...configuration,
  }
}

/** Waits until it holds; fails when that takes far too long. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  milliseconds = 10_000,
): Promise<void> {
  for (const end = Date.now() + milliseconds; !(await holds()); ) {
    if (Date.now() > end) throw new Error(`${what}: did not happen`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}
