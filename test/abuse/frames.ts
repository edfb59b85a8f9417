// HTTP/2 by hand (RFC 9113 section 4.1): what no client library would send.
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export const type = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  windowUpdate: 8,
  continuation: 9,
} as const

export const endStream = 0x1
export const endHeaders = 0x4

export function frame(kind: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = kind
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** RFC 7541 section 6.2.2: each field literally, without an index and without Huffman codes. */
export function fields(list: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(list.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))
}

function text(value: string): Buffer {
  const octets = Buffer.from(value, 'latin1')
  return Buffer.concat([integer(octets.length), octets])
}

/** RFC 7541 section 5.1, with a prefix of 7 bits */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value])
  const octets = [127]
  let rest = value - 127
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 0x80)
  return Buffer.from([...octets, rest])
}

export function request(path: string, more: readonly (readonly [string, string])[] = [], method = 'GET'): Buffer {
  return fields([[':method', method], [':scheme', 'https'], [':authority', 'localhost'], [':path', path], ...more])
}
