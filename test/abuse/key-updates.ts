// TLS 1.3 key updates (RFC 8446 section 4.6.3) by hand: no client library sends them without end, nor without reading the answers.
import { createCipheriv, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { type Target, tlsOptions } from './attack.ts'

export interface Updating {
  /** the connection below TLS */
  readonly plain: Socket
  /** so many records, each an update that asks for one in return */
  updates(count: number): Buffer
}

/** A connection whose handshake is done, and whose octets from then on are ours to make. It reads no more. */
export async function openUpdating(target: Target, alpn = 'http/1.1', servername = 'localhost'): Promise<Updating> {
  const plain = connectTcp({ port: target.port, host: '127.0.0.1', noDelay: true })
  plain.on('error', () => {})
  let reading = true
  const way = new Duplex({
    read() {},
    write: (chunk: Buffer, _encoding, done) => void plain.write(chunk, () => done()),
  })
  plain.on('data', chunk => {
    if (reading) way.push(chunk)
  })
  const socket = connect({
    ...tlsOptions(target),
    servername,
    socket: way,
    ALPNProtocols: [alpn],
    minVersion: 'TLSv1.3',
    ciphers: 'TLS_AES_128_GCM_SHA256',
  })
  socket.on('error', () => {})
  let secret: Buffer = Buffer.alloc(0)
  socket.on('keylog', (line: Buffer) => {
    const [label, , value = ''] = line.toString().trim().split(' ')
    if (label === 'CLIENT_TRAFFIC_SECRET_0') secret = Buffer.from(value, 'hex')
  })
  await once(socket, 'secureConnect')
  reading = false
  plain.pause()
  return {
    plain,
    updates: count =>
      Buffer.concat(
        Array.from({ length: count }, () => {
          const octets = record(secret)
          secret = expand(secret, 'traffic upd', 32)
          return octets
        }),
      ),
  }
}

/** KeyUpdate (24) of one octet: update_requested (1); then the type of the record, handshake (22). Each is the first under its key. */
function record(secret: Buffer): Buffer {
  const inner = Buffer.from([24, 0, 0, 1, 1, 22])
  const head = Buffer.from([23, 3, 3, 0, inner.length + 16])
  const cipher = createCipheriv('aes-128-gcm', expand(secret, 'key', 16), expand(secret, 'iv', 12)).setAAD(head)
  return Buffer.concat([head, cipher.update(inner), cipher.final(), cipher.getAuthTag()])
}

/** HKDF-Expand-Label (RFC 8446 section 7.1) for no more than one block of SHA-256 */
function expand(secret: Buffer, label: string, length: number): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])])
  return createHmac('sha256', secret).update(info).digest().subarray(0, length)
}
