// A real listener with all endpoints behind it, and clients for it. The authenticators are small ones of our own: theirs have tests
// elsewhere.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { z } from 'zod'
import { systemClock } from '../../../src/clock.ts'
import { createGatewayKeep } from '../../../src/endpoints/gateway/kept.ts'
import { assertionOptions, gatewayRouteFields } from '../../../src/endpoints/gateway/options.ts'
import { renderProblem } from '../../../src/endpoints/problems/problem-page.ts'
import { createEndpoints } from '../../../src/endpoints/routes.ts'
import { routeAccessFields } from '../../../src/identity/access/options.ts'
import type { Authenticator } from '../../../src/identity/authn/authenticator.ts'
import { createChain } from '../../../src/identity/authn/chain.ts'
import { createTrust } from '../../../src/identity/trust/create-trust.ts'
import { createEpoch, type Epoch } from '../../../src/identity/trust/epoch.ts'
import type { TrustMaterial } from '../../../src/identity/trust/material.ts'
import type { UserStore } from '../../../src/identity/users/user.ts'
import { silentLog } from '../../../src/log.ts'
import { parseCertificate } from '../../../src/pki/x509/certificate.ts'
import { refuse } from '../../../src/refusals.ts'
import { openListener } from '../../../src/server/tls/listener.ts'
import { listenerOptions } from '../../../src/server/tls/options.ts'
import type { Events } from '../../../src/telemetry/events/events.ts'
import { type Issued, testAuthority } from '../../support/certificates.ts'

export interface Front {
  readonly port: number
  readonly ca: string
  readonly epoch: Epoch
  /** names of users that are locked; raise the epoch after a change */
  readonly locked: Set<string>
  readonly failures: Parameters<Events['upstreamFailed']>[0][]
  readonly granted: Parameters<Events['accessGranted']>[0][]
  readonly refused: Parameters<Events['accessRefused']>[0][]
  client(name: string): Issued
  /** Takes other routes, as a reloaded configuration does. */
  reload(routes: readonly RouteInput[]): Promise<void>
}

type RouteInput = Readonly<Record<string, unknown>> & { readonly authorities?: readonly string[] }

interface FrontOptions {
  readonly assertion?: object
  readonly limits?: object
  readonly roles?: readonly string[]
  readonly clientAuth?: 'want' | 'need'
}

const routeOptions = z.strictObject({ ...gatewayRouteFields, ...routeAccessFields })

/** Serves `routes` until the tests of the file are done. Options as in the configuration. */
export async function openFront(routes: readonly RouteInput[], options: FrontOptions = {}): Promise<Front> {
  const { assertion = {}, limits = {}, roles = ['buyer'], clientAuth = 'need' } = options
  const authority = testAuthority()
  const server = authority.issueServer()
  const epoch = createEpoch()
  const locked = new Set<string>()
  const users: Pick<UserStore, 'find'> = {
    find: async (tenant, name) => ({
      id: name,
      tenant,
      name,
      roles,
      state: locked.has(name) ? 'locked' : 'active',
      tenantState: 'active',
    }),
  }
  const chain = createChain({
    authenticators: [
      { authenticator: byCommonName(users), priority: 5 },
      { authenticator: byBasic(users), priority: 10 },
    ],
    epoch,
    users,
  })
  const failures: Front['failures'] = []
  const granted: Front['granted'] = []
  const refused: Front['refused'] = []
  const keep = createGatewayKeep()
  const material: TrustMaterial = {
    anchors: [{ alias: 'test', certificate: parseCertificate(authority.der) }],
    policy: { purpose: 'client' },
  }
  const prepare = (inputs: readonly RouteInput[]) =>
    createEndpoints({
      chain,
      keep,
      routes: inputs.map(({ authorities, ...route }) => ({
        ...routeOptions.parse(route),
        ...(authorities && { authorities }),
      })),
      assertion: assertionOptions.parse(assertion),
      assertionHeaders: ['UserName'],
      epoch,
      clock: systemClock,
      events: {
        upstreamFailed: event => void failures.push(event),
        accessGranted: event => void granted.push(event),
        accessRefused: event => void refused.push(event),
      },
      log: silentLog,
    })
  let endpoints = await prepare(routes)
  const listener = await openListener({
    options: listenerOptions.parse({ address: '127.0.0.1', port: 0, clientAuth, limits }),
    identities: [{ alias: 'server', key: server.privateKey, chain: server.chain.map(der => parseCertificate(der)) }],
    trust: createTrust({ material, epoch, clock: systemClock, log: silentLog }),
    serve: exchange => endpoints.serve(exchange),
    lossOf: peer => chain.lossOf(peer),
    problemPage: renderProblem,
    events: {
      handshakeCompleted() {},
      handshakeFailed() {},
      connectionRefused() {},
      connectionEnded() {},
      accessRefused() {},
    },
    clock: systemClock,
    log: silentLog,
  })
  after(async () => {
    await listener.close({ graceMs: 0 })
    await endpoints.close()
  })
  return {
    port: listener.port,
    ca: authority.pem,
    epoch,
    locked,
    failures,
    granted,
    refused,
    client: name => authority.issue({ subject: [{ type: 'CN', value: name }] }),
    async reload(next) {
      const before = endpoints
      endpoints = await prepare(next)
      await before.close()
    },
  }
}

/** The user is the CN of the certificate. */
function byCommonName(users: Pick<UserStore, 'find'>): Authenticator {
  return {
    name: 'mutual-tls',
    challenge: undefined,
    reads: [],
    claims: () => false,
    async authenticate({ judgement, claimedBy }) {
      const certificate = judgement?.certificate
      if (certificate === undefined || claimedBy !== undefined) {
        return { kind: 'abstain', hint: refuse('certificate_required', 'No client certificate was presented.') }
      }
      const user = certificate.subject.rdns[0]![0]!.value!
      const found = await users.find('default', user)
      if (found?.state !== 'active') return { kind: 'refuse', refusal: refuse('account_locked', 'Locked.') }
      const { roles } = found
      const principal = { user, tenant: 'default', roles, authenticatedBy: 'mutual-tls', binding: 'CN', certificate }
      return { kind: 'accept', principal }
    },
  }
}

/** Every user's password is its name. */
function byBasic(users: Pick<UserStore, 'find'>): Authenticator {
  return {
    name: 'basic',
    challenge: 'Basic realm="test"',
    claims: authorization => /^basic /i.test(authorization),
    async authenticate({ headers, judgement, claimedBy }) {
      if (claimedBy !== 'basic') return { kind: 'abstain' }
      const [user, password] = Buffer.from(String(headers.authorization).slice(6), 'base64').toString().split(':')
      const found = await users.find('default', user!)
      if (user !== password || found?.state !== 'active') {
        return { kind: 'refuse', refusal: refuse('credentials_invalid', 'Wrong.') }
      }
      const certificate = judgement?.certificate ?? null
      const { roles } = found
      const principal = { user: user!, tenant: 'default', roles, authenticatedBy: 'basic', binding: null, certificate }
      return { kind: 'accept', principal }
    },
  }
}

export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly trailers: NodeJS.Dict<string>
  readonly body: Buffer
}

interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | readonly string[]
  readonly body?: string | Buffer
  readonly agent?: https.Agent
}

/** One HTTP/1.1 request. */
export async function ask(front: Front, as: Issued | undefined, path: string, options: Ask = {}): Promise<Reply> {
  const { method = 'GET', headers = {}, body, agent } = options
  const request = https.request({
    host: '127.0.0.1',
    servername: 'localhost',
    port: front.port,
    path,
    method,
    headers: headers as never,
    ca: front.ca,
    ...(as && { cert: as.chainPem, key: as.keyPem }),
    agent: agent ?? false,
  })
  request.end(body)
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return {
    status: response.statusCode!,
    headers: response.headers,
    trailers: response.trailers,
    body: Buffer.concat(chunks),
  }
}

/** An HTTP/2 session; close it. */
export function connect2(front: Front, as: Issued): http2.ClientHttp2Session {
  return http2.connect(`https://localhost:${front.port}`, {
    host: '127.0.0.1',
    ca: front.ca,
    cert: as.chainPem,
    key: as.keyPem,
    ALPNProtocols: ['h2'],
  } as never)
}

export async function ask2(
  session: http2.ClientHttp2Session,
  path: string,
  { method = 'GET', headers = {}, body }: Ask = {},
): Promise<Reply> {
  const stream = session.request({ ':method': method, ':path': path, ...(headers as object) })
  let trailers: NodeJS.Dict<string> = {}
  stream.on('trailers', got => {
    trailers = { ...got } as NodeJS.Dict<string>
  })
  const closed = once(stream, 'close')
  closed.catch(() => {})
  stream.end(body)
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  await closed
  return { status: head[':status'], headers: head, trailers, body: Buffer.concat(chunks) }
}

/** A resource behind the gateway. */
export async function openUpstream(handler: RequestListener): Promise<{ url: string; port: number; server: Server }> {
  const server = createServer(handler)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, server }
}

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: string[]
  readonly trailers: NodeJS.Dict<string>
  readonly body: string
}

/** A resource that answers with what it was asked. */
export function openEcho(): ReturnType<typeof openUpstream> {
  return openUpstream(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { method, url, headers, rawHeaders, trailers } = request
    const seen = { method, url, headers, rawHeaders, trailers, body: Buffer.concat(chunks).toString('latin1') }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(seen))
  })
}

export const seen = (reply: Reply): Seen => JSON.parse(reply.body.toString())
