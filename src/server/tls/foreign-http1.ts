import type { Server } from 'node:https'
import { createHttpsServer, type Http1, type TakeRequest, tellClientError } from './http1.ts'
import { type Interposed, interpose } from './interpose.ts'
import type { ListenerLimits } from './options.ts'

export interface ForeignHttp1 extends Http1 {
  readonly server: Server
  pass: Interposed['pass']
}

/** An HTTP/1.1 server with our limits whose handlers are somebody else's: they get what `pass` gives them, and nothing before. */
export function createForeignHttp1(limits: ListenerLimits, takeRequest: TakeRequest): ForeignHttp1 {
  const server = createHttpsServer(limits)
  const { give, pass } = interpose({ server, takeRequest, clientError: tellClientError })
  return { server, take: give, pass }
}
