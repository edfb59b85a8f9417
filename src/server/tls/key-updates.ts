import type { TLSSocket } from 'node:tls'

/**
 * Ends what asks for new keys without end (TLS 1.3, RFC 8446 section 4.6.3): 27 octets of KeyUpdate cost the server two key
 * derivations, a hundred times what as many octets of data do, and OpenSSL takes any number of them. `onFlood` is called once, and never
 * inside OpenSSL.
 */
export function boundKeyUpdates(socket: TLSSocket, onFlood: () => void): void {
  // The handshake is not over for OpenSSL yet, and its last secrets are no update. What comes along with its last octets is not counted:
  // 64 KB at most, as below.
  if (finished.push(() => watch(socket, onFlood)) === 1) setImmediate(watchFinished)
}

/** those whose handshake ended in this turn of the event loop */
let finished: (() => void)[] = []

function watchFinished(): void {
  const now = finished
  finished = []
  for (const watchOne of now) watchOne()
}

function watch(socket: TLSSocket, onFlood: () => void): void {
  if (socket.destroyed || socket.getProtocol() !== 'TLSv1.3') return
  let left = burst
  let since = performance.now()
  // OpenSSL tells of each new secret, and nothing else tells of an update. The secret is not looked at beyond its name.
  socket.on('keylog', function count(line: Buffer) {
    if (line[0] !== fromClient) return
    const now = performance.now()
    left = Math.min(burst, left + ((now - since) / 1000) * perSecond) - 1
    since = now
    if (left >= 0) return
    socket.off('keylog', count)
    // OpenSSL is still reading: the connection cannot be taken from under it before it has returned. What it has in hand are 64 KB at most,
    // and no more is read for it.
    ;(socket as WithHandle)._handle?.readStop()
    setImmediate(onFlood)
  })
}

interface WithHandle extends TLSSocket {
  readonly _handle?: { readStop(): void } | null
}

/** of CLIENT_TRAFFIC_SECRET_N, where the server's own begins with an S */
const fromClient = 'C'.charCodeAt(0)
/** Clients update after some gigabytes (RFC 8446 section 5.5): none comes near these. */
const burst = 100
const perSecond = 1
