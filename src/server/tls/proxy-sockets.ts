import { chmodSync, lstatSync, statSync, unlinkSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { CodedError } from '../../errors.ts'
import type { ProxySocket } from '../proxies/proxies.ts'

/** A server for the connections of a proxy on the same machine, which come without TLS. It does not listen yet. */
export function createSocketServer({ path }: ProxySocket, take: (raw: Socket, path: string) => void): Server {
  return createServer({ noDelay: true }, raw => take(raw, path))
}

/** Makes the socket, in whose place there is room. Throws ERR_LISTEN_FAILED. */
export function listenAtSocket(server: Server, { path, access }: ProxySocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) =>
      reject(failed(path, cause.message, 'Its folder has to be there, and writable.', cause))
    server.once('error', fail)
    server.listen({ path, backlog: 1024 }, () => {
      server.off('error', fail)
      try {
        chmodSync(path, access === 'group' ? 0o660 : 0o600)
        resolve()
      } catch (cause) {
        fail(cause as Error)
      }
    })
  })
}

/**
 * Makes room where a server that was killed has left its socket. One that somebody listens at stays, and so does everything that is no socket.
 * For the process that is going to make it: of several workers that is the one that looks after them. Throws ERR_LISTEN_FAILED.
 */
export async function prepareSocket({ path }: ProxySocket): Promise<void> {
  // Whoever may write to a socket may open it: nobody else, not even in the moment before its mode is set.
  const mask = process.umask(0o077)
  process.umask(mask | 0o022)
  const folder = statSync(dirname(path), { throwIfNoEntry: false })
  if (folder === undefined) throw failed(path, 'its folder is not there', 'Make the folder, or choose another path.')
  // Who may put another in its place is asked in our name.
  if ((folder.mode & 0o1002) === 0o002)
    throw failed(
      path,
      'everybody may write in its folder',
      'Choose a folder that only Countersign may write in, /run/countersign for instance.',
    )
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw failed(path, 'something else is there', 'Choose another path, or remove what is there.')
  if (await answers(path)) throw failed(path, 'another program listens at it', 'Stop that one, or choose another path.')
  unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // Too many who wait, or no right to open it, is an answer as well.
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'))
  })
}

function failed(path: string, reason: string, remedy: string, cause?: Error): CodedError {
  return new CodedError('ERR_LISTEN_FAILED', `the socket ${path} of a proxy cannot be made: ${reason}`, {
    remedy,
    cause,
  })
}
