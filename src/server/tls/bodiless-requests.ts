import { type IncomingMessage, type Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type BodilessRequest, readBodiless } from '../http/bodiless-request.ts'
import { BodilessResponse, type Lane } from './bodiless-response.ts'
import type { Connection } from './connection.ts'

/** Takes one request without a body. */
export type TakeBodiless = (connection: Connection, request: BodilessRequest, response: BodilessResponse) => void

/**
 * Node reads every request by its own parser (llhttp) and makes two streams of it, which costs as much as all the rest of a short request.
 * Here those that have no body are taken where the parser says that their header section is complete; all others go on to Node as if nobody
 * stood here, on the same connection, with the same limits and clocks. What may be asked of a parser is Node's affair and no documentation
 * names it. So this file knows it and no other; undefined where a parser of this Node tells of a request in another way.
 */
export function bodilessRequests(server: Server, take: TakeBodiless): ((connection: Connection) => void) | undefined {
  if (kOnHeadersComplete === undefined) return undefined
  return connection => {
    const socket = connection.socket as unknown as ParsedSocket
    const { parser } = socket
    if (parser == null) return
    const present = parser[kOnHeadersComplete]
    // Node's parsers serve one connection after the other, of any server in this process.
    if (present !== onHeadersComplete) {
      original ??= present
      if (present !== original) return
      parser[kOnHeadersComplete] = onHeadersComplete
    }
    socket[laneOf] = new ConnectionLane(connection, socket, server, take)
  }
}

/** One connection: its requests are answered one after the other, in the order in which they came (RFC 9112 section 9.3.2). */
class ConnectionLane implements Lane {
  readonly socket: ParsedSocket
  readonly #connection: Connection
  readonly #server: Server
  readonly #take: TakeBodiless
  #current: BodilessResponse | undefined = undefined
  #waiting: BodilessRequest[] = []
  /** no further request is taken */
  #ending = false
  #clocked = false
  #watched = false

  constructor(connection: Connection, socket: ParsedSocket, server: Server, take: TakeBodiless) {
    this.socket = socket
    this.#connection = connection
    this.#server = server
    this.#take = take
  }

  get keepAliveTimeout(): number {
    return this.#server.keepAliveTimeout
  }

  /** Whether that was all: undefined hands the request to Node. */
  offer(request: BodilessRequest | undefined): boolean {
    if (this.#ending) return true
    if (this.#current === undefined && this.#waiting.length === 0) {
      // Node answers in order too: behind an answer of its own it has to have all.
      if (request === undefined || this.socket._httpMessage != null) {
        this.#unclock()
        return false
      }
      this.#begin(request)
    } else if (request !== undefined && this.#waiting.length < mostWaiting) {
      this.#waiting.push(request)
    } else {
      // Node knows nothing of the answer that is under way. Whoever sends ahead has to reckon with a connection that ends.
      this.#ending = true
      // Not at once: the parser is in the middle of what came, and has Node read on behind each request.
      setImmediate(pause, this.socket)
    }
    return true
  }

  ended(response: BodilessResponse): void {
    const { socket } = this
    this.#current = undefined
    socket._httpMessage = null
    if (!response.shouldKeepAlive || (this.#ending && this.#waiting.length === 0)) {
      this.#ending = true
      this.#waiting = []
      process.nextTick(endSoon, socket)
      return
    }
    // Each octet in either direction winds it up again.
    if (!this.#clocked && this.keepAliveTimeout > 0) {
      this.#clocked = true
      socket.setTimeout(this.keepAliveTimeout + keepAliveBuffer)
    }
    if (this.#waiting.length > 0) process.nextTick(goOn, this)
  }

  answerByNode(request: BodilessRequest): ServerResponse {
    const { socket } = this
    const answer = new ServerResponse(request as unknown as IncomingMessage)
    Object.assign(answer, { _keepAliveTimeout: this.keepAliveTimeout })
    socket._httpMessage = null
    answer.assignSocket(socket)
    answer.once('finish', () => answer.detachSocket(socket))
    return answer
  }

  goOn(): void {
    while (this.#current === undefined) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#begin(next)
    }
  }

  #begin(request: BodilessRequest): void {
    const { socket } = this
    if (!this.#watched) {
      this.#watched = true
      socket.once('close', () => this.#close())
    }
    const response = new BodilessResponse(request, this)
    if (this.#ending && this.#waiting.length === 0) response.shouldKeepAlive = false
    this.#current = response
    socket._httpMessage = response
    this.#take(this.#connection, request, response)
  }

  /** Whoever sent ahead and has gone, or was cut off, is asked nothing more about. */
  #close(): void {
    this.#ending = true
    this.#waiting = []
    this.#current?.closed()
  }

  #unclock(): void {
    if (!this.#clocked) return
    this.#clocked = false
    this.socket.setTimeout(0)
  }
}

function onHeadersComplete(
  this: Parser,
  major: number,
  minor: number,
  headers: string[] | undefined,
  method: number,
  url: string | undefined,
  status: number,
  message: string,
  upgrade: boolean,
  keepAlive: boolean,
): number {
  const { socket } = this
  const lane = socket?.[laneOf]
  if (socket != null && lane !== undefined) {
    const plain = method === GET && minor === 1 && major === 1 && keepAlive && !upgrade
    // In more than one piece they come when there are very many.
    const request = plain && headers !== undefined && url !== undefined ? readBodiless(socket, url, headers) : undefined
    const { incoming } = this
    this.incoming = null
    if (lane.offer(request)) return 0
    this.incoming = incoming
  }
  return original!.call(this, major, minor, headers, method, url, status, message, upgrade, keepAlive)
}

interface Parser {
  [event: number]: OnHeadersComplete
  socket: ParsedSocket | null
  incoming: IncomingMessage | null
}

type OnHeadersComplete = typeof onHeadersComplete

interface ParsedSocket extends Socket {
  parser?: Parser | null
  /** the answer that is under way */
  _httpMessage?: object | null
  [laneOf]?: ConnectionLane
}

const pause = (socket: Socket): void => void socket.pause()
const endSoon = (socket: Socket): void => socket.destroySoon()
const goOn = (lane: ConnectionLane): void => lane.goOn()

const laneOf = Symbol('lane')
let original: OnHeadersComplete | undefined

/** Requests of one connection that were sent ahead and wait for their turn. */
const mostWaiting = 32

/** Milliseconds on top of what clients are told, as Node has it: who uses the last of them shall not meet a connection that ends. */
const keepAliveBuffer = 1000

/** llhttp's number of the method */
const GET = 1

const kOnHeadersComplete = eventOfHeaders()

/** Asks a parser of this Node: undefined when it does not tell of a request as it is expected here. */
function eventOfHeaders(): number | undefined {
  const Parser = (process.getBuiltinModule('_http_common') as { HTTPParser?: ParserClass } | undefined)?.HTTPParser
  const event = Parser?.kOnHeadersComplete
  if (Parser === undefined || event === undefined) return undefined
  let told: unknown[] = []
  const parser = new Parser()
  parser.initialize(Parser.REQUEST, {}, 0, 0)
  parser[event] = (...args: unknown[]) => {
    told = args
    return 0
  }
  parser.execute(Buffer.from('GET /a HTTP/1.1\r\nHost: b\r\n\r\n'))
  parser.close()
  const [major, minor, headers, method, url, , , upgrade, keepAlive] = told
  const seen = JSON.stringify([major, minor, headers, method, url, upgrade, keepAlive])
  return seen === JSON.stringify([1, 1, ['Host', 'b'], GET, '/a', false, true]) ? event : undefined
}

interface ParserClass {
  readonly REQUEST: number
  readonly kOnHeadersComplete: number
  new (): {
    [event: number]: unknown
    initialize(type: number, resource: object, maxHeaderSize: number, lenient: number): void
    execute(octets: Buffer): unknown
    close(): void
  }
}
