import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { pairs, vector } from './octets.ts'

export interface Offer {
  /** the only version that is offered, as a number */
  readonly version: number
  readonly suites: readonly number[]
  /** undefined: no name is asked for */
  readonly servername: string | undefined
}

/** A ClientHello in its record (RFC 8446 section 4.1.2): an offer that no TLS library has to agree with. */
export function buildClientHello({ version, suites, servername }: Offer): Buffer {
  const isTls13 = version >= 0x0304
  const legacy = Math.min(version, 0x0303)
  const extensions = [
    ...(servername === undefined
      ? []
      : [extension(0, vector(2, Buffer.from([0]), vector(2, Buffer.from(servername))))]),
    extension(10, vector(2, pairs(groups))),
    extension(11, vector(1, Buffer.from([0]))),
    ...(version >= 0x0303 ? [extension(13, vector(2, pairs(signatureSchemes)))] : []),
    ...(isTls13 ? [extension(43, vector(1, pairs([version]))), extension(51, vector(2, keyShare()))] : []),
    extension(0xff01, Buffer.from([0])),
  ]
  const hello = Buffer.concat([
    pairs([legacy]),
    randomBytes(32),
    vector(1, isTls13 ? randomBytes(32) : Buffer.alloc(0)),
    vector(2, pairs(suites)),
    vector(1, Buffer.from([0])),
    vector(2, ...extensions),
  ])
  const message = Buffer.concat([Buffer.from([1]), vector(3, hello)])
  return Buffer.concat([Buffer.from([22]), pairs([Math.min(version, 0x0301)]), vector(2, message)])
}

// x25519, P-256, P-384, P-521, ffdhe2048 and 3072
const groups = [29, 23, 24, 25, 256, 257]

const signatureSchemes = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601,
  0x0203, 0x0201,
]

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([pairs([type]), vector(2, content)])
}

// The answer is never continued, so the private half is thrown away.
function keyShare(): Buffer {
  const { publicKey } = generateKeyPairSync('x25519')
  return Buffer.concat([pairs([29]), vector(2, publicKey.export({ type: 'spki', format: 'der' }).subarray(-32))])
}
