import type { TLSSocket } from 'node:tls'
import { contextTag, DerReader, encoded } from '../../pki/asn1/der.ts'

/**
 * The certificate whose key the peer proved, DER; undefined when it presented none.
 *
 * `getPeerX509Certificate()` builds objects for the whole chain, which after a full handshake costs ten times as much. OpenSSL keeps
 * the same certificate in the session, at the same place since SSLeay (OpenSSL's d2i_SSL_SESSION(3): `peer [3] EXPLICIT Certificate`). Whenever
 * that is not to be found, the socket is asked after all: nothing is concluded from its absence.
 */
export function peerLeaf(socket: TLSSocket): Uint8Array | undefined {
  return leafOfSession(socket) ?? socket.getPeerX509Certificate()?.raw
}

export function leafOfSession(socket: TLSSocket): Uint8Array | undefined {
  const session = socket.getSession()
  if (session === undefined) return undefined
  try {
    const fields = new DerReader(session).enter()
    while (!fields.done) {
      const field = fields.element()
      // A copy: what else the session holds is secret, and goes.
      if (field.tag === contextTag(3))
        return Buffer.from(encoded(new DerReader(session, field.contentStart, field.end).element()))
    }
    return undefined
  } catch {
    return undefined
  } finally {
    session.fill(0)
  }
}
