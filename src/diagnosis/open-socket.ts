import { connect, type Socket } from 'node:net'
import type { Target } from './target.ts'

export type ConnectionFailure = {
  readonly kind: 'name_unresolved' | 'nothing_listens' | 'host_unreachable' | 'connection_timeout'
  /** as the operating system has it */
  readonly message: string
}

export type Opened = { readonly ok: true; readonly socket: Socket } | ({ readonly ok: false } & ConnectionFailure)

/** A TCP connection, or why there is none. */
export function openSocket({ host, port }: Target, timeoutMs: number): Promise<Opened> {
  return new Promise(resolve => {
    const socket = connect({ host, port, noDelay: true })
    const timer = setTimeout(() => {
      socket.destroy()
      resolve({ ok: false, kind: 'connection_timeout', message: `no answer within ${timeoutMs} ms` })
    }, timeoutMs)
    const fail = (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      resolve({ ok: false, kind: kindOf(error), message: messageOf(error) })
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      // whoever takes the socket over listens too; an error before that must not end the process
      socket.on('error', () => {})
      resolve({ ok: true, socket })
    })
  })
}

// A name with several addresses fails with one error for each.
function causes(error: NodeJS.ErrnoException): NodeJS.ErrnoException[] {
  return error instanceof AggregateError ? error.errors : [error]
}

function kindOf(error: NodeJS.ErrnoException): ConnectionFailure['kind'] {
  const codes = causes(error).map(({ code, syscall }) => (syscall?.startsWith('getaddrinfo') ? 'DNS' : code))
  if (codes.includes('DNS')) return 'name_unresolved'
  if (codes.includes('ECONNREFUSED')) return 'nothing_listens'
  return codes.includes('ETIMEDOUT') ? 'connection_timeout' : 'host_unreachable'
}

function messageOf(error: NodeJS.ErrnoException): string {
  return causes(error)
    .map(({ message }) => message)
    .join('; ')
}
