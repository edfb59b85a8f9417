// A whole server with the services switched on, users of several kinds and clients with certificates that may name them.
import { request } from 'node:https'
import { join } from 'node:path'
import { after } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import type { Directory } from '../../../src/identity/users/directory.ts'
import { createPasswordHasher } from '../../../src/identity/users/password/password-hasher.ts'
import { createSqlDirectory } from '../../../src/identity/users/sql/create-sql-directory.ts'
import { openStorage } from '../../../src/storage/open-storage.ts'
import { type Issued, testAuthority } from '../../support/certificates.ts'
import { type Home, openHome } from '../../support/home.ts'

export const userStore = 'http://service.ws.um.carbon.wso2.org'
export const axis2 = 'http://org.apache.axis2/xsd'
export const adminPassword = 'a password of the admin'

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** of a fault: its code without the prefix, its text, and what the problem in it says */
  readonly fault: { readonly code: string; readonly text: string; readonly problem: string | undefined } | undefined
  /** texts of the elements called return, for results that are simple */
  readonly returns: readonly string[]
}

export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body?: string | Uint8Array
  /** default: the one that may act as anybody */
  readonly certificate?: Issued | null
  /** whom the certificate names in the header UserName */
  readonly as?: string
}

export interface Host {
  readonly home: Home
  /** as another process has it open */
  readonly directory: Directory
  /** a pinned leaf that may name any user */
  readonly anyone: Issued
  /** bound to the user bob alone */
  readonly bob: Issued
  /** of an authority that nobody trusts */
  readonly stranger: Issued
  ask(path: string, asking?: Asking): Promise<Reply>
  /** SOAP 1.1: the XML of the children of the call */
  call(service: string, namespace: string, operation: string, children?: string, asking?: Asking): Promise<Reply>
}

/** Call it at the top of the file: it ends when the file's tests are done. */
export async function openHost(soap: object = {}, configuration: object = {}): Promise<Host> {
  const authority = testAuthority({ name: 'Clients' })
  const anyone = authority.issue({ subject: 'CN=agent' })
  const bob = authority.issue({ subject: 'CN=bob' })
  const stranger = testAuthority({ name: 'Strangers' }).issue({ subject: 'CN=admin' })
  const home = await openHome({
    anchors: { authority },
    listener: { clientAuth: 'want' },
    configuration: {
      authenticators: {
        'mutual-tls': {
          bindings: [
            { thumbprint: anyone.certificate.thumbprint, users: ['*'] },
            { thumbprint: bob.certificate.thumbprint, users: ['bob'] },
          ],
        },
        basic: { enabled: true },
      },
      soap: { enabled: true, ...soap },
      ...configuration,
    },
  })
  const storage = await openStorage({ kind: 'sqlite', file: join(home.folder, 'data/users.db') })
  after(() => storage.close())
  const directory = createSqlDirectory({ storage, hasher: createPasswordHasher(), clock: systemClock })
  const tenant = 'default'
  if ((await directory.roles.find(tenant, 'admin')) === undefined) await directory.roles.add({ tenant, name: 'admin' })
  await directory.users.add({ tenant, name: 'admin', roles: ['admin'], password: adminPassword })
  await directory.users.add({ tenant, name: 'bob' })
  const ask: Host['ask'] = (path, { method = 'POST', headers, body, certificate = anyone, as } = {}) =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: home.port,
          servername: 'localhost',
          path,
          method,
          agent: false,
          timeout: 20_000,
          ca: home.serverAuthority.pem,
          ...(certificate ? { key: certificate.keyPem, cert: certificate.chainPem } : {}),
          headers: { ...(as === undefined ? {} : { UserName: Buffer.from(as).toString('base64') }), ...headers },
        },
        async response => {
          const text = Buffer.concat(await response.toArray()).toString('utf8')
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text,
            fault: faultIn(text),
            returns: [...text.matchAll(/<ns:return>([^<]*)<\/ns:return>/g)].map(match => match[1]!),
          })
        },
      )
      sent.on('timeout', () => sent.destroy(new Error('no answer within 20 s')))
      sent.on('error', reject)
      sent.end(body)
    })
  return {
    home,
    directory,
    anyone,
    bob,
    stranger,
    ask,
    call: (service, namespace, operation, children = '', asking = {}) =>
      ask(`/services/${service}`, {
        as: 'admin',
        ...asking,
        headers: { 'Content-Type': 'text/xml; charset=UTF-8', SOAPAction: `"urn:${operation}"`, ...asking.headers },
        body: envelope11(`<w:${operation} xmlns:w="${namespace}">${children}</w:${operation}>`),
      }),
  }
}

export function envelope11(body: string, header = ''): string {
  return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">${header && `<s:Header>${header}</s:Header>`}<s:Body>${body}</s:Body></s:Envelope>`
}

export function envelope12(body: string, header = ''): string {
  return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">${header && `<s:Header>${header}</s:Header>`}<s:Body>${body}</s:Body></s:Envelope>`
}

function faultIn(text: string): Reply['fault'] {
  const code =
    /<faultcode[^>]*>[^<:]*:([^<]*)</.exec(text)?.[1] ??
    /<soapenv:Subcode><soapenv:Value[^>]*>[^<:]*:([^<]*)</.exec(text)?.[1] ??
    /<soapenv:Code><soapenv:Value>[^<:]*:([^<]*)</.exec(text)?.[1]
  if (code === undefined) return undefined
  const told = /<faultstring>([^<]*)</.exec(text)?.[1] ?? /<soapenv:Text[^>]*>([^<]*)</.exec(text)?.[1] ?? ''
  return { code, text: told, problem: /<problem [^>]*><code>([^<]*)</.exec(text)?.[1] }
}
