import type { EventEmitter } from 'node:events'
import type { Server } from 'node:https'
import type { ListenerMaterial } from '../config/material.ts'
import type { Configuration } from '../config/schema.ts'
import { CodedError } from '../errors.ts'
import type { Access } from '../identity/access/access.ts'
import { readTarget } from '../server/http/target.ts'
import { adoptServer } from '../server/tls/adopt-server.ts'
import { createForeignHttp1, type ForeignHttp1 } from '../server/tls/foreign-http1.ts'
import { createListener, type Listener } from '../server/tls/listener.ts'
import { hasKeys } from '../server/tls/server-identity.ts'
import { createDoorways } from '../start/doorways.ts'
import type { DoorListener, Doors, DoorsSource, openDoors } from '../start/open-doors.ts'
import { type AccessOptions, compileAccessOptions } from './access-options.ts'
import { createDesk, type Desk } from './desk.ts'
import { type AuthEvents, tellingEvents } from './events.ts'
import type { RefuseWith } from './refusal.ts'
import type { ProtectOptions, ServerOptions } from './server-options.ts'

/** The doors of an application: the servers that it has made here, or handed over. */
export interface LibraryDoors extends Doors {
  readonly desk: Desk
  createServer(options: ServerOptions): Server
  protect(server: Server, options: ProtectOptions): void
  access(options: AccessOptions): Access
}

export function openLibraryDoors(
  [loaded, material, stack, given]: Parameters<typeof openDoors>,
  { emitter, refuseWith }: { emitter: EventEmitter<AuthEvents>; refuseWith: RefuseWith | undefined },
): LibraryDoors {
  const { chain, metrics, log } = given
  const source: DoorsSource = { ...given, events: tellingEvents(given.events, emitter, log) }
  const doorways = createDoorways(loaded, material, stack, source)
  const desk = createDesk({ chain, events: source.events, refuseWith })
  const open = new Set<DoorListener & Pick<Listener, 'connections'>>()
  /** what has been asked for, to be looked at again when other authenticators are on */
  const asked = new Set<AccessOptions>()
  let { listeners } = material
  const takeOver = (value: Configuration, proxyHeaders: readonly string[]) =>
    desk.hide([value.authenticators['mutual-tls'].usernameHeader.name, ...proxyHeaders])
  takeOver(loaded.value, material.proxies.headers)
  if (material.proxies.sockets.length > 0) {
    const remedy = 'Let it present a certificate (proof.by: certificate), or run countersign serve.'
    throw unfit('a server of the application has no Unix socket for a proxy (proxies[].proof.by: socket)', remedy)
  }
  for (const unused of unusedParts(loaded.value))
    log.warn({ section: unused }, 'this section means nothing in a server of the application')

  function access(options: AccessOptions): Access {
    const compiled = compileAccessOptions(options, chain.names)
    if (options.authenticators !== undefined) asked.add(options)
    return compiled
  }

  function listenerOf(name: string | undefined): ListenerMaterial {
    const found = name === undefined ? listeners[0] : listeners.find(({ options }) => options.name === name)
    if (found !== undefined) return found
    throw unfit(`there is no listener ${name}`, `Name one of: ${listeners.map(each => each.options.name).join(', ')}.`)
  }

  function createServer({ listener: name, http2 = false, ...rest }: ServerOptions): Server {
    const each = listenerOf(name)
    const { identities } = each
    if (!hasKeys(identities)) {
      const remedy = 'Name one (keyStore), or make the server yourself and hand it to auth.protect().'
      throw unfit(`the listener ${each.options.name} has no key store`, remedy)
    }
    const http = each.options.http.filter(version => http2 || version === 'http/1.1')
    if (http.length === 0) {
      const remedy = 'Create the server with http2: true, or put http/1.1 into `http`.'
      throw unfit(`the listener ${each.options.name} speaks HTTP/2 alone`, remedy)
    }
    const serve = desk.open(rest, access)
    const { terms, lead, drop } = doorways.add(each)
    let http1: ForeignHttp1 | undefined
    const listener = createListener({
      ...terms,
      options: { ...terms.options, http },
      identities,
      readTarget: readAnyTarget,
      serve: exchange => serve(exchange, passed => http1?.pass(passed)),
      http1(takeRequest) {
        http1 = createForeignHttp1(each.options.limits, takeRequest)
        return http1
      },
    })
    lead(listener)
    const { server, retire } = listener
    const close = server.close
    // Node knows nothing of the sessions of HTTP/2, and would wait for them.
    server.close = callback => {
      retire()
      return close.call(server, callback)
    }
    keep(server, listener, each, drop)
    return server
  }

  function protect(server: Server, { listener: name, ...rest }: ProtectOptions): void {
    const each = listenerOf(name)
    const serve = desk.open(rest, access)
    const { terms, lead, drop } = doorways.add(each)
    try {
      const adopted = adoptServer({
        ...terms,
        server,
        readTarget: readAnyTarget,
        serve: exchange => serve(exchange, passed => adopted.pass(passed)),
      })
      lead(adopted)
      const { address, port } = each.options
      keep(server, { ...adopted, address, port }, each, drop)
    } catch (error) {
      drop()
      throw error
    }
  }

  function keep(
    server: Server,
    listener: Pick<Listener, 'name' | 'address' | 'port' | 'close' | 'connections'>,
    { options: { clientAuth } }: ListenerMaterial,
    drop: () => void,
  ): void {
    const door = Object.assign(listener, { clientAuth })
    open.add(door)
    server.once('close', () => {
      open.delete(door)
      drop()
      listener.close({ graceMs: 0 }).catch(error => log.error({ err: error }, 'a server could not be closed'))
    })
    metrics.watchConnections(listener.name, () =>
      [...open].reduce((sum, each) => sum + (each.name === listener.name ? each.connections().length : 0), 0),
    )
  }

  return {
    desk,
    createServer,
    protect,
    access,
    get listeners() {
      return [...open]
    },
    async prepare(changed, next, names) {
      for (const options of asked) compileAccessOptions(options, names)
      return {
        take() {
          listeners = next.listeners
          takeOver(changed.value, next.proxies.headers)
          doorways.replace(changed, next)
        },
        drop: async () => {},
      }
    },
  }
}

function unfit(message: string, remedy: string): CodedError {
  return new CodedError('ERR_SERVER_UNFIT', message, { remedy })
}

/** Nothing is decided by path here, and what an application takes for one path is its own affair. */
function readAnyTarget(target: string): { path: string; query: string } {
  const read = readTarget(target)
  if (typeof read !== 'string') return read
  const mark = target.indexOf('?')
  return mark === -1 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

function unusedParts({ routes, soap, scim, workers }: Configuration): string[] {
  return [
    ...(workers === 1 ? [] : ['workers']),
    ...(routes.length > 0 ? ['routes'] : []),
    ...(soap.enabled ? ['soap'] : []),
    ...(scim.enabled ? ['scim'] : []),
  ]
}
