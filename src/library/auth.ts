import { EventEmitter } from 'node:events'
import type { Server } from 'node:https'
import type { Clock } from '../clock.ts'
import { type LoadedConfiguration, loadConfiguration, loadOptions } from '../config/load.ts'
import type { UnreadConfiguration } from '../config/schema.ts'
import type { Access } from '../identity/access/access.ts'
import type { Principal } from '../identity/authn/authenticator.ts'
import { createLog, type Log } from '../log.ts'
import { type RunningServer, start } from '../start/start.ts'
import type { AccessOptions } from './access-options.ts'
import type { Client, Identified } from './desk.ts'
import { type LibraryDoors, openLibraryDoors } from './doors.ts'
import type { AuthEvents } from './events.ts'
import type { RefuseWith } from './refusal.ts'
import type { ProtectOptions, ServerOptions } from './server-options.ts'

export interface AuthOptions {
  /** a file such as `countersign.yaml`, or its content as values: the same keys and defaults */
  readonly config: string | UnreadConfiguration
  /** from where relative paths in such values count; default: the working directory */
  readonly folder?: string
  /** default: that of the process */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** a logger with pino's methods; default: JSON lines on standard error */
  readonly log?: Log
  readonly clock?: Clock
  /** answers refusals in the application's own words; default: problem documents (RFC 9457), or a page for a browser */
  readonly refuseWith?: RefuseWith
}

export interface OpenedAuth {
  readonly running: RunningServer
  readonly doors: LibraryDoors
  readonly emitter: EventEmitter<AuthEvents>
}

/** Opens users, trust and record. Listens to nothing but the management address. Throws ConfigError with all problems at once. */
export async function openAuth(options: AuthOptions): Promise<OpenedAuth> {
  const loaded = load(options)
  const { log = createLog(loaded.value.log.level), clock, refuseWith } = options
  const emitter = new EventEmitter<AuthEvents>()
  let doors: LibraryDoors | undefined
  const running = await start(loaded, clock === undefined ? { log } : { log, clock }, {
    keys: 'optional',
    async openDoors(...given) {
      doors = openLibraryDoors(given, { emitter, refuseWith })
      return doors
    },
  })
  return { running, doors: doors!, emitter }
}

function load({ config, folder = process.cwd(), env = process.env }: AuthOptions): LoadedConfiguration {
  return typeof config === 'string' ? loadConfiguration(config, { env }) : loadOptions(config, folder, { env })
}

/** What the entries for every kind of server have in common. */
export abstract class Auth implements AsyncDisposable {
  readonly #opened: OpenedAuth

  constructor(opened: OpenedAuth) {
    this.#opened = opened
  }

  on<E extends keyof AuthEvents>(event: E, listener: (...told: AuthEvents[E]) => void): this {
    this.#opened.emitter.on(event, listener as never)
    return this
  }

  off<E extends keyof AuthEvents>(event: E, listener: (...told: AuthEvents[E]) => void): this {
    this.#opened.emitter.off(event, listener as never)
    return this
  }

  /**
   * Stands in front of the handlers of a server whose TLS is the application's: `requestCert: true`, `rejectUnauthorized: false`, and not
   * listening yet. Throws ERR_SERVER_UNFIT with all that is in the way.
   */
  protect<S extends Server>(server: S, options: ProtectOptions = {}): S {
    this.#opened.doors.protect(server, options)
    return server
  }

  /** Who a request is from, without answering it: for servers with `caller: 'anyone'`. Throws ERR_REQUEST_UNKNOWN. */
  identify(request: object): Promise<Identified> {
    return this.#opened.doors.desk.identify(request)
  }

  /** Where a request came from; `socket.remoteAddress` would be that of a balancer. Throws ERR_REQUEST_UNKNOWN. */
  client(request: object): Client {
    return this.#opened.doors.desk.client(request)
  }

  /** Reads the configuration and all that it names again; that a file changed is noticed without it. Never throws. */
  reload(): Promise<'reloaded' | 'refused'> {
    return this.#opened.running.reload('the application')
  }

  /** Closes every server that was made or protected here: requests in flight end first. */
  close(): Promise<void> {
    return this.#opened.running.stop('closed by the application')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  protected serverFor(options: ServerOptions): Server {
    return this.#opened.doors.createServer(options)
  }

  protected accessFor(options: AccessOptions): Access {
    return this.#opened.doors.access(options)
  }

  /** undefined: the request was refused, and has been answered. Throws ERR_REQUEST_UNKNOWN. */
  protected check(request: object, access: Access): Promise<Principal | undefined> {
    return this.#opened.doors.desk.check(request, access)
  }
}
