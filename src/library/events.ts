import type { EventEmitter } from 'node:events'
import type { Log } from '../log.ts'
import type { CertificateFacts, Events } from '../telemetry/events/events.ts'

/** What an application can listen to. Each of them stands in the log, the metrics and the audit record as well. */
export interface AuthEvents {
  granted: [Granted]
  refused: [Refused]
  ended: [Ended]
}

/** A request was let in; `first` is true once per connection and user. */
export type Granted = Parameters<Events['accessGranted']>[0]

/** A request was refused, or a connection before its first request: then there is no `requestId`, `method` and `path`. */
export interface Refused {
  readonly remoteAddress: string
  /** of the closed list: `certificate_expired`, `forbidden`, … */
  readonly code: string
  readonly detail: string
  readonly certificate: CertificateFacts | null
  readonly requestId?: string
  readonly method?: string
  readonly path?: string
}

/** An open connection was ended because what was decided for it would not be decided again. */
export type Ended = Parameters<Events['connectionEnded']>[0]

/** The same events, which the emitter tells as well. What a listener throws is logged, and changes no decision. */
export function tellingEvents(events: Events, emitter: EventEmitter<AuthEvents>, log: Log): Events {
  const emit = <E extends keyof AuthEvents>(name: E, ...told: AuthEvents[E]) => {
    try {
      ;(emitter.emit as (name: string, ...told: readonly unknown[]) => boolean)(name, ...told)
    } catch (error) {
      log.error({ err: error, event: name }, 'a listener of the application failed')
    }
  }
  return {
    ...events,
    accessGranted(event) {
      events.accessGranted(event)
      emit('granted', event)
    },
    accessRefused(event) {
      events.accessRefused(event)
      const { requestId, method, path, remoteAddress, code, detail, certificate } = event
      emit('refused', { requestId, method, path, remoteAddress, code, detail, certificate })
    },
    connectionRefused(event) {
      events.connectionRefused(event)
      const { remoteAddress, code, detail, certificate } = event
      emit('refused', { remoteAddress, code, detail, certificate })
    },
    connectionEnded(event) {
      events.connectionEnded(event)
      emit('ended', event)
    },
  }
}
