import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isIP } from 'node:net'
import { CodedError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Metrics } from './metrics.ts'

/** A check of readiness. `detail` is shown to whoever reaches the management listener: no secrets. */
export type Check = () => CheckResult | Promise<CheckResult>

export interface CheckResult {
  readonly ok: boolean
  readonly detail?: string
}

export interface ManagementSource {
  readonly address: string
  readonly port: number
  readonly metrics: { readonly registry: Pick<Metrics['registry'], 'metrics' | 'contentType'> }
  /** by name; ready is who passes all of them */
  readonly checks: Readonly<Record<string, Check>>
  readonly log: Log
}

export interface Management extends AsyncDisposable {
  readonly address: string
  readonly port: number
}

/** Listens with `/healthz`, `/readyz` and `/metrics`. Throws ERR_MANAGEMENT_LISTEN. */
export async function startManagement(source: ManagementSource): Promise<Management> {
  const { address, port, log } = source
  const server = createServer(
    {
      maxHeaderSize: 8_192,
      headersTimeout: 5_000,
      requestTimeout: 5_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => void answer(source, request, response).catch(error => fail(response, error, log)),
  )
  server.maxConnections = 100
  await new Promise<void>((resolve, reject) => {
    server.once('error', cause => reject(cannotListen(address, port, cause)))
    server.listen(port, address, resolve)
  })
  server.on('error', error => log.error({ error: error.message }, 'the management listener failed'))
  const bound = server.address() as AddressInfo
  if (!isLoopback(bound.address)) {
    log.warn(
      { address: bound.address, port: bound.port },
      'the management listener is open to other machines, in plain HTTP and for everyone',
    )
  }
  return {
    address: bound.address,
    port: bound.port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(source: ManagementSource, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url?.split('?', 1)[0]
  if (isLoopback(request.socket.localAddress ?? '') && !isThisMachine(request.headers.host)) {
    return send(response, 421, { error: 'ask for localhost, or for an address' })
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return send(response, 405, { error: 'only GET and HEAD' })
  }
  if (path === '/healthz') return send(response, 200, { status: 'ok' })
  if (path === '/readyz') {
    const checks = await runChecks(source.checks)
    const ready = Object.values(checks).every(check => check.ok)
    return send(response, ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks })
  }
  if (path === '/metrics') {
    const { registry } = source.metrics
    const text = await registry.metrics()
    response.writeHead(200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' }).end(text)
    return
  }
  send(response, 404, { error: 'here are /healthz, /readyz and /metrics' })
}

const checkTimeout = 3_000

/** What each check says; one that throws or does not answer in time has not passed. */
export async function runChecks(checks: ManagementSource['checks']): Promise<Record<string, CheckResult>> {
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        return [name, await withTimeout(Promise.resolve(check()))] as const
      } catch (error) {
        return [name, { ok: false, detail: error instanceof Error ? error.message : String(error) }] as const
      }
    }),
  )
  return Object.fromEntries(results)
}

async function withTimeout(result: Promise<CheckResult>): Promise<CheckResult> {
  const { promise, resolve } = Promise.withResolvers<CheckResult>()
  const timer = setTimeout(resolve, checkTimeout, { ok: false, detail: `no answer within ${checkTimeout} ms` })
  try {
    return await Promise.race([result, promise])
  } finally {
    clearTimeout(timer)
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  }
  response.writeHead(status, headers).end(`${JSON.stringify(body)}\n`)
}

function fail(response: ServerResponse, error: unknown, log: Log): void {
  log.error(
    { error: error instanceof Error ? error.message : String(error) },
    'the management listener could not answer',
  )
  if (response.headersSent) response.destroy()
  else send(response, 500, { error: 'internal error' })
}

function isLoopback(address: string): boolean {
  return isIP(address) === 4 ? address.startsWith('127.') : address === '::1'
}

/**
 * A page of the web whose name was made to lead to 127.0.0.1 (DNS rebinding) could read what is meant for this machine only: its browser
 * then says that name.
 */
function isThisMachine(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || isIP(name) !== 0
}

function cannotListen(address: string, port: number, cause: Error): CodedError {
  return new CodedError(
    'ERR_MANAGEMENT_LISTEN',
    `the management listener cannot use ${address} port ${port}: ${cause.message}`,
    {
      remedy: 'Give management.address and management.port an address of this machine and a port that is free.',
      cause,
    },
  )
}
