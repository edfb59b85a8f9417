import { lookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { Dispatcher } from 'undici'
import { CodedError, isCoded } from '../../errors.ts'
import { isPublicAddress } from './public-address.ts'

export interface FetchRules {
  /** milliseconds, redirects included */
  readonly timeout: number
  /** undefined: any */
  readonly allowedHosts: readonly string[] | undefined
  readonly privateAddresses: 'allow' | 'refuse'
}

export interface FetchRequest {
  readonly url: string
  /** who named the address: the administrator, or a certificate */
  readonly namedBy: 'configuration' | 'certificate'
  readonly maxBytes: number
  readonly body?: Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export interface Fetched {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

export interface Fetcher extends AsyncDisposable {
  /** Throws ERR_FETCH_REFUSED when the address may not be asked, ERR_FETCH_FAILED for everything else that is not an answer with 200 or 304. */
  fetch(request: FetchRequest): Promise<Fetched>
}

const maxRedirects = 3

/**
 * Fetches lists and answers. An address that a certificate names is a stranger's: only http and https, only hosts that are allowed, and only
 * public addresses, looked at when the connection is made, so that no name service can say one thing to us and another to the socket.
 */
export function createFetcher(rules: FetchRules): Fetcher {
  let opened: Promise<Connections> | undefined

  async function fetch(asked: FetchRequest): Promise<Fetched> {
    const timeout = AbortSignal.timeout(rules.timeout)
    const signal = asked.signal === undefined ? timeout : AbortSignal.any([asked.signal, timeout])
    let { url, namedBy } = asked
    try {
      opened ??= openConnections(rules)
      const { anywhere, publicOnly } = await opened
      for (let hop = 0; hop <= maxRedirects; hop++) {
        const target = checkUrl(url, namedBy, rules)
        const free = namedBy === 'configuration' || rules.privateAddresses === 'allow'
        const answer = await ask(target, asked, free ? anywhere : publicOnly, signal)
        if (answer.location === undefined) return await accept(answer, asked)
        answer.body.on('error', () => {}).destroy()
        url = new URL(answer.location, target).href
        // wherever it leads is the server's idea, not the administrator's
        namedBy = new URL(url).host === target.host ? namedBy : 'certificate'
      }
      throw failed(asked.url, `more than ${maxRedirects} redirects`)
    } catch (error) {
      throw isCoded(error) ? error : failed(asked.url, reasonOf(error, timeout), error)
    }
  }

  return {
    fetch,
    async [Symbol.asyncDispose]() {
      const connections = await opened
      await Promise.all([connections?.anywhere.destroy(), connections?.publicOnly.destroy()])
    },
  }
}

interface Connections {
  readonly anywhere: Dispatcher
  readonly publicOnly: Dispatcher
}

async function openConnections({ timeout }: FetchRules): Promise<Connections> {
  // Takes its time to load, and most servers fetch nothing.
  const { Agent } = (await import('undici')).default
  const bounds = { connections: 4, keepAliveTimeout: 1000, maxHeaderSize: 16_384 }
  return {
    anywhere: new Agent({ ...bounds, connect: { timeout } }),
    publicOnly: new Agent({ ...bounds, connect: { timeout, lookup: publicLookup } }),
  }
}

/** The address as a URL, when it may be asked at all. */
function checkUrl(url: string, namedBy: FetchRequest['namedBy'], rules: FetchRules): URL {
  const target = URL.parse(url)
  if (target === null) throw refused(url, 'it is no address')
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw refused(url, `only http and https are fetched, not ${target.protocol.slice(0, -1)}`)
  }
  if (target.username !== '' || target.password !== '') throw refused(url, 'it has a user name or a password in it')
  if (namedBy === 'configuration') return target
  const host = target.hostname.replace(/^\[|\]$/g, '')
  if (rules.allowedHosts !== undefined && !rules.allowedHosts.includes(host)) {
    throw refused(url, `${host} is not among the allowed hosts`)
  }
  // a name is looked at when it has been resolved
  if (rules.privateAddresses === 'refuse' && isIP(host) !== 0 && !isPublicAddress(host)) throw refusedAddress(host)
  return target
}

interface Answer {
  readonly status: number
  readonly headers: Fetched['headers']
  readonly location: string | undefined
  readonly body: Dispatcher.ResponseData['body']
}

async function ask(target: URL, asked: FetchRequest, dispatcher: Dispatcher, signal: AbortSignal): Promise<Answer> {
  const { body, headers = {} } = asked
  const { request } = (await import('undici')).default
  const { statusCode, ...response } = await request(target, {
    method: body === undefined ? 'GET' : 'POST',
    body: body ?? null,
    headers: { ...headers, 'user-agent': 'countersign', connection: 'close' },
    dispatcher,
    signal,
  })
  const redirected = [301, 302, 303, 307, 308].includes(statusCode) && typeof response.headers.location === 'string'
  return {
    status: statusCode,
    headers: response.headers,
    location: redirected ? (response.headers.location as string) : undefined,
    body: response.body,
  }
}

async function accept({ status, headers, body }: Answer, { url, maxBytes }: FetchRequest): Promise<Fetched> {
  if (status !== 200 && status !== 304) {
    body.on('error', () => {}).destroy()
    throw failed(url, `the answer was ${status}`)
  }
  const octets = await readBounded(body, Number(headers['content-length'] ?? 0), maxBytes)
  if (octets !== undefined) return { status, headers, body: octets }
  body.on('error', () => {}).destroy()
  throw failed(url, `the answer is longer than ${maxBytes} octets`)
}

/** undefined: they are more than `most`. Filled as they come: putting a large list together at the end would hold everybody up. */
async function readBounded(
  body: AsyncIterable<Uint8Array>,
  announced: number,
  most: number,
): Promise<Buffer | undefined> {
  if (announced > most) return undefined
  let octets = Buffer.allocUnsafeSlow(announced > 0 ? announced : Math.min(most, 16_384))
  let length = 0
  for await (const chunk of body) {
    if (length + chunk.length > most) return undefined
    if (length + chunk.length > octets.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.max(2 * octets.length, length + chunk.length)))
      octets.copy(larger, 0, 0, length)
      octets = larger
    }
    octets.set(chunk, length)
    length += chunk.length
  }
  return octets.subarray(0, length)
}

const publicLookup: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, '', 0)
    // one private address among them is one too many: which of them is taken is not ours to say
    const wrong = addresses.find(({ address }) => !isPublicAddress(address))
    const [first] = addresses
    if (wrong !== undefined || first === undefined) return done(refusedAddress(wrong?.address ?? hostname), '', 0)
    if (options.all) return done(null, addresses)
    return done(null, first.address, first.family)
  })
}

function refusedAddress(address: string): CodedError {
  return refused(address, 'it is not an address of the public Internet')
}

function refused(what: string, why: string): CodedError {
  return new CodedError('ERR_FETCH_REFUSED', `${printable(what)} is not fetched: ${why}`, {
    remedy: 'The options below revocation.fetch say what may be fetched.',
  })
}

function failed(url: string, why: string, cause?: unknown): CodedError {
  return new CodedError('ERR_FETCH_FAILED', `cannot fetch ${printable(url)}: ${why}`, {
    remedy: 'Check that the server at that address answers. It is asked again by itself.',
    ...(cause === undefined ? {} : { cause }),
  })
}

function reasonOf(error: unknown, timeout: AbortSignal): string {
  if (timeout.aborted) return 'it took too long'
  const { code, message } = error as Error & { code?: string }
  return code === undefined ? message : `${message} (${code})`
}

/** Part of it came from a certificate, and goes to a log. */
function printable(text: string): string {
  return text.slice(0, 300).replace(/[^\x20-\x7e]/gu, '?')
}
