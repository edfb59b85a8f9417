import { type CipherGCMTypes, createDecipheriv, createHmac } from 'node:crypto'
import { recordType, type WireRecord } from './records.ts'

const ciphers = new Map<number, { algorithm: string; key: number; digest: string }>([
  [0x1301, { algorithm: 'aes-128-gcm', key: 16, digest: 'sha256' }],
  [0x1302, { algorithm: 'aes-256-gcm', key: 32, digest: 'sha384' }],
  [0x1303, { algorithm: 'chacha20-poly1305', key: 32, digest: 'sha256' }],
])

const finished = 20
const tagLength = 16

/**
 * The handshake messages that a TLS 1.3 server encrypted, up to its Finished: opened with the traffic secret that our own side of the
 * connection knows (RFC 8446 sections 5.2, 5.3 and 7.3). Empty when the suite is none of ours, or a record does not open.
 */
export function decryptHandshake(records: readonly WireRecord[], suite: number, secret: Buffer): Buffer {
  const cipher = ciphers.get(suite)
  if (cipher === undefined) return Buffer.alloc(0)
  const key = expandLabel(secret, 'key', cipher.key, cipher.digest)
  const iv = expandLabel(secret, 'iv', 12, cipher.digest)
  const found: Buffer[] = []
  let sequence = 0n
  for (const record of records) {
    if (record.type !== recordType.applicationData) continue
    const plain = open(record, cipher.algorithm, key, nonceOf(iv, sequence))
    if (plain === undefined) break
    sequence += 1n
    let end = plain.length
    while (end > 0 && plain[end - 1] === 0) end -= 1
    if (plain[end - 1] !== recordType.handshake) break
    found.push(plain.subarray(0, end - 1))
    // what follows is under another key
    if (endsWithFinished(Buffer.concat(found))) break
  }
  return Buffer.concat(found)
}

function open({ header, body }: WireRecord, algorithm: string, key: Buffer, nonce: Buffer): Buffer | undefined {
  if (body.length <= tagLength) return undefined
  try {
    const decipher = createDecipheriv(algorithm as CipherGCMTypes, key, nonce, { authTagLength: tagLength })
    decipher.setAAD(header)
    decipher.setAuthTag(body.subarray(-tagLength))
    return Buffer.concat([decipher.update(body.subarray(0, -tagLength)), decipher.final()])
  } catch {
    return undefined
  }
}

function nonceOf(iv: Buffer, sequence: bigint): Buffer {
  const nonce = Buffer.from(iv)
  nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ sequence, 4)
  return nonce
}

// RFC 8446 section 7.1: HKDF-Expand-Label with an empty context; never more than one block is asked for
function expandLabel(secret: Buffer, label: string, length: number, digest: string): Buffer {
  const name = Buffer.from(`tls13 ${label}`)
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])])
  return createHmac(digest, secret).update(info).digest().subarray(0, length)
}

function endsWithFinished(stream: Buffer): boolean {
  for (let at = 0; at + 4 <= stream.length; at += 4 + stream.readUIntBE(at + 1, 3)) {
    if (stream[at] === finished) return true
  }
  return false
}
