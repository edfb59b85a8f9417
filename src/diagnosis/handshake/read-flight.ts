import { decryptHandshake } from './decrypt.ts'
import {
  type CertificateRequest,
  readCertificateMessage,
  readCertificateRequest,
  readServerHello,
  type ServerHello,
} from './messages.ts'
import { messageType, recordType, splitMessages, splitRecords, type WireRecord } from './records.ts'

/** What a server said in its part of the handshake, as far as it can be seen. */
export interface Flight {
  readonly hello: ServerHello | undefined
  /** DER, as sent, leaf first */
  readonly chain: readonly Buffer[]
  readonly request: CertificateRequest | undefined
  /** whether the server had said all that it says before it waits for the client: only then is `request` undefined an answer */
  readonly complete: boolean
  /** number of an alert in clear */
  readonly alert: number | undefined
}

/**
 * Reads what the server sent. In TLS 1.3 everything after the ServerHello is encrypted; `secret` is the server's handshake traffic
 * secret, from our own side of the connection. Never throws: what a server sends may be anything.
 */
export function readFlight(stream: Buffer, secret?: Buffer): Flight {
  const records = splitRecords(stream)
  const clear = splitMessages(handshakeOf(records))
  const hellos = clear.filter(({ type }) => type === messageType.serverHello)
  // of several the last one counts: those before it ask the client to try again
  const hello = attempt(() => hellos.map(({ body }) => readServerHello(body)).at(-1))
  const version = hello?.version ?? 0
  const isTls13 = version >= 0x0304
  const messages =
    isTls13 && secret !== undefined ? splitMessages(decryptHandshake(records, hello!.suite, secret)) : clear
  const bodyOf = (wanted: number) => messages.find(({ type }) => type === wanted)?.body
  const certificate = bodyOf(messageType.certificate)
  const request = bodyOf(messageType.certificateRequest)
  const last = isTls13 ? messageType.finished : messageType.serverHelloDone
  return {
    hello,
    chain: (certificate && attempt(() => readCertificateMessage(certificate, version))) ?? [],
    request: request && attempt(() => readCertificateRequest(request, version)),
    complete: bodyOf(last) !== undefined,
    alert: alertIn(records),
  }
}

// Up to the change of keys: what stands in handshake records after it (the Finished of TLS 1.2) is encrypted.
function handshakeOf(records: readonly WireRecord[]): Buffer {
  const found: Buffer[] = []
  for (const { type, body } of records) {
    if (type === recordType.handshake) found.push(body)
    else if (type === recordType.changeCipherSpec && !startsTls13(found)) break
  }
  return Buffer.concat(found)
}

// TLS 1.3 sends that record for show only, and may do so between the two hellos
function startsTls13(found: readonly Buffer[]): boolean {
  const [first] = splitMessages(Buffer.concat(found))
  return first !== undefined && attempt(() => readServerHello(first.body).version >= 0x0304) === true
}

function alertIn(records: readonly WireRecord[]): number | undefined {
  const encrypted = records.findIndex(({ type }) => type === recordType.changeCipherSpec)
  const clear = encrypted < 0 ? records : records.slice(0, encrypted)
  // level 2: fatal. A warning (RFC 5246 section 7.2) ends nothing.
  return clear.find(({ type, body }) => type === recordType.alert && body.length === 2 && body[0] === 2)?.body[1]
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
