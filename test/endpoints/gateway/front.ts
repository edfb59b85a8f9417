// A real listener with the gateway behind it, and clients for it. Who a client is comes straight from its certificate's CN here:
// the authenticators have tests of their own.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { after } from 'node:test'
import { systemClock } from '../../../src/clock.ts'
import { createGateway, type Gateway } from '../../../src/endpoints/gateway/gateway.ts'
import { assertionOptions, gatewayRouteOptions } from '../../../src/endpoints/gateway/options.ts'
import type { Principal } from '../../../src/identity/authn/authenticator.ts'
import { createEpoch } from '../../../src/identity/trust/epoch.ts'
import type { Judgement, Trust } from '../../../src/identity/trust/trust.ts'
import { silentLog } from '../../../src/log.ts'
import { type Certificate, parseCertificate } from '../../../src/pki/x509/certificate.ts'
import type { Exchange } from '../../../src/server/http/exchange.ts'
import { sendProblem } from '../../../src/server/http/problem.ts'
import { createRouter } from '../../../src/server/http/router.ts'
import { openListener } from '../../../src/server/tls/listener.ts'
import { listenerOptions } from '../../../src/server/tls/options.ts'
import { type Issued, testAuthority } from '../../support/certificates.ts'

export interface Front {
  readonly port: number
  readonly ca: string
  readonly gateway: Gateway
  readonly failures: { route: string; upstream: string; status: number; reason: string }[]
  client(name: string): Issued
}

type RouteInput = Readonly<Record<string, unknown>> & { readonly authorities?: readonly string[] }

/** Serves `routes` until the tests of the file are done. Options as in the configuration. */
export async function openFront(
  routes: readonly RouteInput[],
  { assertion = {}, limits = {}, roles = ['buyer'] }: { assertion?: object; limits?: object; roles?: string[] } = {},
): Promise<Front> {
  const authority = testAuthority()
  const server = authority.issueServer()
  const epoch = createEpoch()
  const failures: Front['failures'] = []
  const gateway = createGateway({
    routes: routes.map(({ authorities, ...options }) => ({
      ...gatewayRouteOptions.parse(options),
      ...(authorities && { authorities }),
    })),
    assertion: assertionOptions.parse(assertion),
    assertionHeaders: ['UserName'],
    epoch,
    clock: systemClock,
    events: { upstreamFailed: event => void failures.push(event) },
    log: silentLog,
  })
  const principals = new WeakMap<Certificate, Principal>()
  const principalOf = (certificate: Certificate): Principal => {
    const known = principals.get(certificate)
    if (known !== undefined) return known
    const user = certificate.subject.rdns[0]![0]!.value!
    const principal = { user, tenant: 'default', roles, authenticatedBy: 'mutual-tls', binding: 'test', certificate }
    principals.set(certificate, principal)
    return principal
  }
  const handle = (route: Gateway['routes'][number]) => (exchange: Exchange) => {
    const problem = route.examine(exchange)
    if (problem !== undefined) return sendProblem(exchange, problem)
    return route.pass(exchange, principalOf(exchange.peer.judgement()!.certificate!))
  }
  const listener = await openListener({
    options: listenerOptions.parse({ address: '127.0.0.1', port: 0, clientAuth: 'need', limits }),
    identities: [{ alias: 'server', key: server.privateKey, chain: server.chain.map(der => parseCertificate(der)) }],
    trust: trustEveryone(epoch, parseCertificate(authority.der)),
    serve: createRouter(gateway.routes.map(route => ({ method: '*', path: route.path, handle: handle(route) }))),
    events: { handshakeCompleted() {}, handshakeFailed() {}, connectionRefused() {} },
    clock: systemClock,
    log: silentLog,
  })
  after(async () => {
    await listener.close({ graceMs: 0 })
    await gateway.close()
  })
  return {
    port: listener.port,
    ca: authority.pem,
    gateway,
    failures,
    client: name => authority.issue({ subject: [[{ type: 'CN', value: name }]] as never }),
  }
}

function trustEveryone(epoch: ReturnType<typeof createEpoch>, root: Certificate): Trust {
  const known = new Map<string, Judgement>()
  return {
    get epoch() {
      return epoch.value
    },
    judge({ leaf }) {
      const key = Buffer.from(leaf).toString('base64')
      const certificate = known.get(key)?.certificate ?? parseCertificate(Buffer.from(leaf))
      const verdict = {
        ok: true,
        path: [certificate, root],
        anchor: { alias: 'root', certificate: root },
        pinned: false,
        validUntil: Number.MAX_SAFE_INTEGER,
      } as const
      const judgement = { certificate, verdict, epoch: epoch.value, validUntil: Number.MAX_SAFE_INTEGER }
      known.set(key, judgement)
      return judgement
    },
    holds: judgement => judgement.epoch === epoch.value,
    onEpoch: listener => epoch.subscribe(listener),
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
export async function ask(front: Front, as: Issued, path: string, options: Ask = {}): Promise<Reply> {
  const { method = 'GET', headers = {}, body, agent } = options
  const request = https.request({
    host: '127.0.0.1',
    servername: 'localhost',
    port: front.port,
    path,
    method,
    headers: headers as never,
    ca: front.ca,
    cert: as.chainPem,
    key: as.keyPem,
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
  stream.end(body)
  const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status': number }]
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
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
