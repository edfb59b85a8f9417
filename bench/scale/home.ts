import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { writePem } from '../../src/pki/x509/pem.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { type Issued, selfSigned, type TestAuthority, testAuthority, testKey } from '../../test/support/certificates.ts'
import { freePort } from '../process.ts'

export interface Size {
  readonly users: number
  readonly bindings: number
  readonly allowed: number
  readonly pinned: number
}

/** Those who sign in, the same at every size: half of them of an authority, half pinned. Each is bound, listed, and a user. */
export interface Clients {
  readonly servers: TestAuthority
  readonly authority: TestAuthority
  /** a proxy that hands their certificates on */
  readonly proxy: Issued
  readonly all: readonly { readonly user: string; readonly certificate: Issued }[]
}

const count = 700
const width = 8

export function makeClients(largest: number): Clients {
  const authority = testAuthority({ name: 'Client CA' })
  const key = testKey()
  const all = Array.from({ length: count }, (_, i) => {
    const subject = `CN=client ${i}`
    // Between the names of the others, all over the index.
    const user = `user-${String(Math.floor((i * largest) / count)).padStart(width, '0')}-client`
    return { user, certificate: i % 2 === 0 ? authority.issue({ subject, key }) : selfSigned({ subject, key }) }
  })
  return {
    servers: testAuthority({ name: 'Server CA' }),
    authority,
    proxy: authority.issue({ subject: 'CN=edge' }),
    all,
  }
}

/** A home that only grows. */
export class ScaleHome {
  readonly file: string
  readonly port: number
  readonly #folder: string
  readonly #clients: Clients
  #size: Size = { users: 0, bindings: 0, allowed: 0, pinned: 0 }

  private constructor(folder: string, clients: Clients, port: number) {
    this.port = port
    this.#folder = folder
    this.#clients = clients
    this.file = join(folder, 'countersign.json')
  }

  static async make(folder: string, clients: Clients): Promise<ScaleHome> {
    mkdirSync(folder)
    const home = new ScaleHome(folder, clients, await freePort())
    await home.#begin()
    return home
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Makes up what is missing to the size. */
  grow(size: Size): void {
    this.#addUsers(size.users)
    this.#addBindings(size.bindings)
    this.#addAllowed(size.allowed)
    this.#addPinned(size.pinned)
    this.#size = size
  }

  async #begin(): Promise<void> {
    const { servers, authority, proxy, all } = this.#clients
    const server = servers.issueServer()
    const write = (name: string, text: string) => writeFileSync(join(this.#folder, name), text, { mode: 0o600 })
    write('server.pem', server.pem + server.keyPem)
    write('clients.pem', authority.pem)
    const pinned = all.filter((_, i) => i % 2 === 1)
    write('pinned.pem', pinned.map(({ certificate }) => certificate.pem).join(''))
    write(
      'allowed.txt',
      [...all.map(({ certificate }) => certificate), proxy].map(({ thumbprint }) => `${thumbprint}\n`).join(''),
    )
    write('countersign.json', JSON.stringify(configuration(proxy, this.port)))
    const storage = await openStorage({ kind: 'sqlite', file: join(this.#folder, 'users.db') })
    await storage.close()
    this.#insert(({ user: addUser, binding }) => {
      for (const { user, certificate } of all) {
        addUser(user)
        binding(certificate.thumbprint, user)
      }
    })
    this.#size = { users: all.length, bindings: all.length, allowed: all.length, pinned: pinned.length }
  }

  #addUsers(to: number): void {
    this.#insert(({ user }) => {
      for (let i = this.#size.users; i < to; i++) user(`user-${String(i).padStart(width, '0')}`)
    })
  }

  #addBindings(to: number): void {
    this.#insert(({ binding }) => {
      for (let i = this.#size.bindings; i < to; i++) binding(made(i), 'user-00001000')
    })
  }

  #insert(work: (into: { user(name: string): void; binding(thumbprint: string, user: string): void }) => void): void {
    using db = new DatabaseSync(join(this.#folder, 'users.db'))
    db.exec('pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -500000; begin')
    const user = db.prepare(
      "insert into users (id, tenant, name, folded, state, created, modified) values (?, 'default', ?, ?, 'active', 1, 1)",
    )
    const binding = db.prepare(
      "insert into bindings (id, tenant, kind, value, options, created) values (?, 'default', 'thumbprint', ?, ?, 1)",
    )
    work({
      user: name => void user.run(`id-${name}`, name, name),
      binding(thumbprint, name) {
        const options = { thumbprint, users: [name], tenant: 'default', insecureAnyUser: false }
        binding.run(`id-${thumbprint}`, thumbprint, JSON.stringify(options))
      },
    })
    db.exec('commit; pragma journal_mode = wal')
  }

  #addAllowed(to: number): void {
    this.#append('allowed.txt', this.#size.allowed, to, i => `${made(i)}\n`)
  }

  // One certificate over and over, with another name and number each time: nobody verifies the signature of a pinned leaf.
  #addPinned(to: number): void {
    const { der } = selfSigned({ subject: `CN=pinned ${'x'.repeat(width)}`, serialNumber: Buffer.alloc(8, 0x55) })
    const names = [...places(der, 'x'.repeat(width))]
    const numbers = [...places(der, 'U'.repeat(8))]
    this.#append('pinned.pem', this.#size.pinned, to, i => {
      for (const at of names) der.write(String(i).padStart(width, '0'), at, 'latin1')
      for (const at of numbers) der.writeUInt32BE(i, at + 4)
      return writePem('CERTIFICATE', der)
    })
  }

  #append(name: string, from: number, to: number, piece: (i: number) => string): void {
    for (let at = from; at < to; at += 10_000) {
      const pieces = Array.from({ length: Math.min(10_000, to - at) }, (_, i) => piece(at + i))
      appendFileSync(join(this.#folder, name), pieces.join(''))
    }
  }
}

const made = (i: number) => createHash('sha256').update(`${i}`).digest('hex')

function* places(der: Buffer, text: string): Generator<number> {
  for (let at = der.indexOf(text, 0, 'latin1'); at !== -1; at = der.indexOf(text, at + 1, 'latin1')) yield at
}

function configuration(proxy: Issued, port: number): object {
  return {
    listeners: [
      {
        address: '127.0.0.1',
        port,
        clientAuth: 'want',
        keyStore: { file: 'server.pem' },
        trustStore: [{ file: 'clients.pem' }, { file: 'pinned.pem' }],
        limits: { maxConnectionsPerAddress: 10_000 },
      },
    ],
    management: { enabled: false },
    authenticators: { 'mutual-tls': { allowList: { enabled: true, file: 'allowed.txt' } } },
    proxies: [
      {
        name: 'edge',
        proof: { thumbprints: [proxy.thumbprint] },
        clientCertificate: { form: 'haproxy', header: 'X-SSL-Client-DER' },
      },
    ],
    users: { file: 'users.db' },
    audit: { file: 'audit.jsonl' },
    tickets: { secretFile: 'tickets.json' },
    // Logs are not what is measured.
    log: { level: 'warn' },
  }
}
