import { EventEmitter } from 'node:events'
import {
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http'
import type { Socket } from 'node:net'
import type { BodilessRequest } from '../http/bodiless-request.ts'
import type { Http1Response } from '../http/exchange.ts'
import { rememberNames } from '../http/remember-names.ts'

/** The way back that an answer goes. */
export interface Lane {
  readonly socket: Socket
  /** milliseconds that a connection may rest, as it is told to clients; 0: for ever */
  readonly keepAliveTimeout: number
  /** Node's own answer to the request, on the socket of this lane. */
  answerByNode(request: BodilessRequest): ServerResponse
  /** The answer is out. */
  ended(response: BodilessResponse): void
}

type Fields = OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined

/**
 * The answer to a request without a body. Where its length is known it is written as it stands: the header section and the body in one.
 * Any other goes out by Node's own ServerResponse, which knows how to write in chunks.
 */
export class BodilessResponse extends EventEmitter implements Http1Response {
  shouldKeepAlive = true
  headersSent = false
  destroyed = false
  /** as Node's responses have it, which asks before it ends a connection that rests */
  finished = false
  readonly #request: BodilessRequest
  readonly #lane: Lane
  /** the header section, until something is sent */
  #head = ''
  /** there can be no body behind it (RFC 9110 section 6.4.1) */
  #bodiless = false
  #full: ServerResponse | undefined = undefined

  constructor(request: BodilessRequest, lane: Lane) {
    super()
    this.#request = request
    this.#lane = lane
  }

  /** Throws the second time, and what Node throws for a name or value that no field can have. */
  writeHead(status: number, fields?: Fields): this {
    if (this.headersSent) throw new Error('the header section of this answer is made already')
    const head = this.#full === undefined ? headOf(status, fields) : undefined
    if (head === undefined) {
      const whole = this.#whole()
      whole.shouldKeepAlive = this.shouldKeepAlive
      whole.writeHead(status, fields as OutgoingHttpHeaders)
    } else this.#head = head.text + (head.dated ? '' : dateLine()) + this.#connectionLines()
    this.headersSent = true
    this.#bodiless = status === 204 || status === 304
    return this
  }

  write(chunk: string | Uint8Array, encoding?: BufferEncoding): boolean {
    // Nothing of this answer may stand where the next one begins.
    if (this.finished) return true
    if (!this.headersSent) this.writeHead(200)
    if (this.#full !== undefined) return this.#full.write(chunk, encoding as BufferEncoding)
    const taken = this.#send(chunk, encoding)
    if (!taken) this.#lane.socket.once('drain', () => this.emit('drain'))
    return taken
  }

  end(chunk?: string | Uint8Array, encoding?: BufferEncoding): this {
    if (this.finished) return this
    if (!this.headersSent) this.writeHead(200, chunk === undefined ? nothing : undefined)
    this.finished = true
    if (this.#full !== undefined) {
      this.#full.end(chunk, encoding as BufferEncoding)
      return this
    }
    const { socket } = this.#lane
    // Whoever takes nothing gets no further answer until it has.
    if ((chunk === undefined && this.#head === '') || this.#send(chunk, encoding)) this.#lane.ended(this)
    else socket.once('drain', () => this.#lane.ended(this))
    process.nextTick(tellEnd, this)
    return this
  }

  writeEarlyHints(hints: Record<string, string | string[]>): void {
    if (!this.headersSent) this.#whole().writeEarlyHints(hints)
  }

  addTrailers(trailers: OutgoingHttpHeaders): void {
    // Without chunks there is no place for them, and Node leaves them out as well.
    this.#full?.addTrailers(trailers)
  }

  destroy(error?: Error): this {
    this.destroyed = true
    this.#lane.socket.destroy(error)
    return this
  }

  /** The connection is gone. */
  closed(): void {
    if (this.finished && this.#full === undefined) return
    this.destroyed = true
    this.emit('close')
  }

  override emit(event: string | symbol, ...rest: unknown[]): boolean {
    // A connection rests only when nothing is being answered: Node asks whether somebody else takes care of it.
    return event === 'timeout' || super.emit(event, ...rest)
  }

  #connectionLines(): string {
    if (!this.shouldKeepAlive) return 'Connection: close\r\n\r\n'
    const { keepAliveTimeout } = this.#lane
    if (keepAliveTimeout === 0) return 'Connection: keep-alive\r\n\r\n'
    return `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(keepAliveTimeout / 1000)}\r\n\r\n`
  }

  /** Whether the connection takes more. */
  #send(chunk: string | Uint8Array | undefined, encoding: BufferEncoding | undefined): boolean {
    const { socket } = this.#lane
    const head = this.#head
    this.#head = ''
    // The client has gone, or said that it sends no more: Node ends a connection then.
    if (!socket.writable) return true
    if (chunk === undefined || chunk.length === 0 || this.#bodiless) return head === '' || socket.write(head, 'latin1')
    if (typeof chunk === 'string') {
      if (encoding === 'latin1') return socket.write(head + chunk, 'latin1')
      chunk = Buffer.from(chunk, encoding)
    }
    if (head === '') return socket.write(chunk)
    if (chunk.length > oneWrite) {
      socket.write(head, 'latin1')
      return socket.write(chunk)
    }
    const both = Buffer.allocUnsafe(head.length + chunk.length)
    both.write(head, 'latin1')
    both.set(chunk, head.length)
    return socket.write(both)
  }

  #whole(): ServerResponse {
    if (this.#full !== undefined) return this.#full
    const full = this.#lane.answerByNode(this.#request)
    full.on('drain', () => this.emit('drain'))
    full.on('finish', () => {
      this.#lane.ended(this)
      tellEnd(this)
    })
    this.#full = full
    return full
  }
}

function tellEnd(response: BodilessResponse): void {
  response.emit('finish')
  if (response.destroyed) return
  response.destroyed = true
  response.emit('close')
}

/** Where nothing is said of a length there is none. */
const nothing: string[] = ['Content-Length', '0']

/** Octets that are copied behind the header section rather than written by themselves. */
const oneWrite = 32 * 1024

interface Head {
  readonly status: number
  /** status line and fields */
  readonly text: string
  /** Date is among them */
  readonly dated: boolean
}

/** Of fields that cannot change any more, which many answers share. */
const heads = new WeakMap<object, Head>()

/** undefined: it has no length, or says something about the connection that is not ours to know. */
function headOf(status: number, fields: Fields): Head | undefined {
  if (fields === undefined || !Object.isFrozen(fields)) return writeHead(status, fields)
  const known = heads.get(fields)
  if (known?.status === status) return known
  const head = writeHead(status, fields)
  if (head !== undefined) heads.set(fields, head)
  return head
}

function writeHead(status: number, fields: Fields): Head | undefined {
  if (!Number.isInteger(status) || status < 200 || status > 999) return undefined
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`
  let framed = status === 204 || status === 304
  let dated = false
  const add = (name: string, value: unknown): boolean => {
    const words = String(value)
    if (unsafe.test(words)) validateHeaderValue(name, words)
    const role = roleOf(name)
    if (role === 'length') framed = true
    else if (role === 'date') dated = true
    text += `${name}: ${words}\r\n`
    return role !== 'connection'
  }
  if (Array.isArray(fields)) {
    for (let i = 0; i < fields.length; i += 2) if (!add(fields[i] as string, fields[i + 1])) return undefined
  } else {
    for (const name in fields) {
      const value = fields[name]
      if (Array.isArray(value)) {
        for (const one of value) if (!add(name, one)) return undefined
      } else if (!add(name, value)) return undefined
    }
  }
  return framed ? { status, text, dated } : undefined
}

/** What no value may hold (RFC 9110 section 5.5): it could end the line, and begin another answer. */
const unsafe = /[^\t\x20-\x7e\x80-\xff]/

type Role = 'length' | 'date' | 'connection' | 'plain'

const special: Readonly<Record<string, Role>> = Object.assign(Object.create(null), {
  'content-length': 'length',
  date: 'date',
  connection: 'connection',
  'keep-alive': 'connection',
  trailer: 'connection',
  'transfer-encoding': 'connection',
  upgrade: 'connection',
})

/** Throws ERR_INVALID_HTTP_TOKEN. */
const roleOf = rememberNames((name): Role => {
  validateHeaderName(name)
  return special[name.toLowerCase()] ?? 'plain'
})

let second = 0
let line = ''

/** RFC 9110 section 6.6.1, written once a second. */
function dateLine(): string {
  const now = Math.floor(Date.now() / 1000)
  if (now !== second) {
    second = now
    line = `Date: ${new Date(now * 1000).toUTCString()}\r\n`
  }
  return line
}
