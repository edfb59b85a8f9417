// A running server on a Carbon home, with people whom its clients act as; and what it decided about a request.
import { cpSync, mkdirSync, mkdtempSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { dirname, join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import { loadCarbonHome } from '../../src/config/wso2/load-carbon-home.ts'
import type { Directory } from '../../src/identity/users/directory.ts'
import { createPasswordHasher } from '../../src/identity/users/password/password-hasher.ts'
import { createSqlDirectory } from '../../src/identity/users/sql/create-sql-directory.ts'
import { type Log, silentLog } from '../../src/log.ts'
import { type RunningServer, start } from '../../src/start/start.ts'
import { openStorage } from '../../src/storage/open-storage.ts'
import { auditRecords } from './audit-records.ts'
import { carbonHome, type HomeOptions, writeHomeFile } from './carbon-home.ts'
import type { Issued } from './certificates.ts'
import { scratchFolder } from './scratch.ts'

export interface CarbonServer extends AsyncDisposable {
  readonly folder: string
  readonly url: string
  readonly running: RunningServer
  /** the directory as another process has it open */
  directory(): Promise<Directory>
  /** what stands in the audit record */
  audit(): readonly Record<string, unknown>[]
  /** One request on a connection of its own. */
  ask(request: CarbonRequest): Promise<Told>
  /** SOAP 1.1: an operation of a service, as the user that the header names. `namespace` is that of RemoteUserStoreManagerService unless told. */
  soap(call: SoapCall): Promise<Told>
}

export interface CarbonRequest {
  readonly path: string
  readonly method?: string
  readonly certificate?: Issued | undefined
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body?: string | Uint8Array
  /** which one of the home, default the first */
  readonly listener?: number
}

export interface SoapCall extends Omit<CarbonRequest, 'path' | 'method' | 'body'> {
  readonly service?: string
  readonly namespace?: string
  readonly operation: string
  /** XML, in the namespace `p` */
  readonly children?: string
  /** XML of header blocks */
  readonly blocks?: string
  /** in the header UserName */
  readonly as?: string | undefined
}

export interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** `alice`, `bob of partner.example`; undefined: nobody was let in */
  readonly user: string | undefined
  /** code of the refusal */
  readonly code: string | undefined
}

export interface CarbonServerOptions extends HomeOptions {
  /** for `repository/conf/countersign.yaml` */
  readonly own?: object | undefined
  /** a home that lies there already; the other options of homes do not count then */
  readonly folder?: string
  /** is told everything */
  readonly log?: Log
}

/** What every home needs to be served in a test. */
const plain = {
  management: { enabled: false },
  users: { passwords: { failuresPerUser: 100, failuresPerAddress: 1000 } },
}

const userStore = 'http://service.ws.um.carbon.wso2.org'

export function envelope(body: string, blocks = ''): string {
  return `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Header>${blocks}</soapenv:Header><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`
}

export function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

const database = 'repository/data/countersign/countersign.db'

export async function carbonServer({
  own,
  log: told = silentLog,
  ...options
}: CarbonServerOptions = {}): Promise<CarbonServer> {
  const folder = options.folder ?? carbonHome(options)
  writeHomeFile(folder, 'repository/conf/countersign.yaml', JSON.stringify({ ...plain, ...own }))
  mkdirSync(dirname(join(folder, database)), { recursive: true, mode: 0o700 })
  cpSync(await usersFile(), join(folder, database))
  const decided: { user: string; tenant: string }[] = []
  const note =
    (level: 'info' | 'debug'): Log['info'] =>
    (fields, message) => {
      told[level](fields, message)
      if (/^let in(?: again)?$/.test(message)) decided.push(fields as (typeof decided)[number])
    }
  const log: Log = {
    warn: told.warn.bind(told),
    error: told.error.bind(told),
    info: note('info'),
    debug: note('debug'),
  }
  const stack = new AsyncDisposableStack()
  const running = await start(await loadCarbonHome(folder, { env: {} }), { log })
  const url = `https://127.0.0.1:${running.listeners[0]!.port}`
  async function ask(asked: CarbonRequest): Promise<Told> {
    decided.length = 0
    const answer = await send(`https://127.0.0.1:${running.listeners[asked.listener ?? 0]!.port}`, asked)
    const [first] = decided
    const user = first && (first.tenant === 'default' ? first.user : `${first.user} of ${first.tenant}`)
    return { ...answer, user, code: codeOf(answer.body) }
  }
  return {
    folder,
    url,
    running,
    ask,
    soap({
      service = 'RemoteUserStoreManagerService',
      namespace = userStore,
      operation,
      children = '',
      blocks,
      as,
      ...asked
    }) {
      const body = `<p:${operation} xmlns:p="${namespace}">${children}</p:${operation}>`
      const headers = { 'Content-Type': 'text/xml; charset=UTF-8', UserName: as && base64(as), ...asked.headers }
      return ask({ ...asked, method: 'POST', path: `/services/${service}`, headers, body: envelope(body, blocks) })
    },
    async directory() {
      const storage = await openStorage({ kind: 'sqlite', file: join(folder, database) })
      stack.defer(() => storage.close())
      return createSqlDirectory({ storage, hasher: createPasswordHasher(), clock: systemClock })
    },
    audit: () => auditRecords(join(folder, 'repository/data/countersign/audit.jsonl')),
    async [Symbol.asyncDispose]() {
      await running.stop('the test is over')
      await stack.disposeAsync()
    },
  }
}

function send(url: string, { path, method = 'GET', certificate, headers = {}, body }: CarbonRequest) {
  const agent = new Agent({
    keepAlive: false,
    rejectUnauthorized: false,
    // a client whose key is too short for anybody but this test
    ciphers: 'DEFAULT@SECLEVEL=0',
    ...(certificate && { cert: certificate.chainPem, key: certificate.keyPem }),
  })
  const fields = Object.entries(headers).filter(([, value]) => value !== undefined)
  return new Promise<Pick<Told, 'status' | 'headers' | 'body'>>((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      { agent, method, headers: Object.fromEntries(fields) as Record<string, string | string[]> },
      async response => {
        const text = Buffer.concat(await response.toArray()).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
      },
    )
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** Of a problem document, an error of SCIM or a SOAP fault. */
function codeOf(body: string): string | undefined {
  const inFault = /<problem [^>]*><code>([a-z_]+)</.exec(body)?.[1]
  if (inFault !== undefined || !body.startsWith('{')) return inFault
  return JSON.parse(body).code
}

let made: Promise<string> | undefined

/** A database with all the people, made once: passwords take their time. */
function usersFile(): Promise<string> {
  made ??= makeUsers()
  return made
}

export const usersPassword = 'correct horse'

/**
 * `alice`, `ops` and `carol@mail.example` may do everything, `helper` may manage users and not sign in to the console, `plain` has no role, `locked` is; `bob` may do
 * everything in partner.example, and `dave` in closed.example, which is inactive.
 */
async function makeUsers(): Promise<string> {
  const file = join(mkdtempSync(join(scratchFolder(), 'people-')), 'people.db')
  const storage = await openStorage({ kind: 'sqlite', file })
  const { users, roles, tenants } = createSqlDirectory({ storage, hasher: createPasswordHasher(), clock: systemClock })
  const permissions = [
    { resource: '/permission/admin/manage/identity', action: 'ui.execute', effect: 'allow' } as const,
  ]
  const [first, partner, closed] = ['default', 'partner.example', 'closed.example'] as const
  for (const tenant of [partner, closed]) await tenants.add(tenant)
  for (const tenant of [first, partner, closed])
    if ((await roles.find(tenant, 'admin')) === undefined) await roles.add({ tenant, name: 'admin' })
  await roles.add({ tenant: first, name: 'helpers', permissions })
  for (const name of ['alice', 'ops'])
    await users.add({ tenant: first, name, roles: ['admin'], password: usersPassword })
  await users.add({ tenant: first, name: 'carol@mail.example', roles: ['admin'] })
  await users.add({ tenant: first, name: 'helper', roles: ['helpers'] })
  await users.add({ tenant: first, name: 'plain' })
  await users.add({ tenant: first, name: 'locked', roles: ['admin'], state: 'locked' })
  await users.add({ tenant: partner, name: 'bob', roles: ['admin'] })
  await users.add({ tenant: closed, name: 'dave', roles: ['admin'] })
  await tenants.change(closed, { state: 'inactive' })
  await storage.close()
  return file
}
