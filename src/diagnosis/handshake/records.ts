/** One TLS record as it stands on the wire (RFC 8446 section 5.1). */
export interface WireRecord {
  readonly type: number
  /** the five octets in front of it: what an encrypted record is authenticated with */
  readonly header: Buffer
  readonly body: Buffer
}

export const recordType = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const

/** Whether what a server said first is TLS at all: a record of a known type in a known version. */
export function looksLikeTls(bytes: Buffer): boolean {
  const [type = 0, major] = bytes
  return type >= 20 && type <= 24 && (major === undefined || major === 3)
}

/** The whole records of a stream; what comes after a cut or a foreign record is left out. */
export function splitRecords(stream: Buffer): WireRecord[] {
  const records: WireRecord[] = []
  for (let at = 0; at + 5 <= stream.length; ) {
    const header = stream.subarray(at, at + 5)
    const end = at + 5 + header.readUInt16BE(3)
    if (end > stream.length || !looksLikeTls(header)) break
    records.push({ type: header[0]!, header, body: stream.subarray(at + 5, end) })
    at = end
  }
  return records
}

export interface HandshakeMessage {
  readonly type: number
  readonly body: Buffer
}

export const messageType = {
  serverHello: 2,
  certificate: 11,
  certificateRequest: 13,
  serverHelloDone: 14,
  finished: 20,
} as const

/** Handshake messages may share records and stretch over several (RFC 8446 section 5.1). */
export function splitMessages(stream: Buffer): HandshakeMessage[] {
  const messages: HandshakeMessage[] = []
  for (let at = 0; at + 4 <= stream.length; ) {
    const end = at + 4 + stream.readUIntBE(at + 1, 3)
    if (end > stream.length) break
    messages.push({ type: stream[at]!, body: stream.subarray(at + 4, end) })
    at = end
  }
  return messages
}
