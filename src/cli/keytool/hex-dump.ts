/** Octets as the JDK's HexDumpEncoder writes them: 16 a line, offset, hex in two groups, printable characters; "" for none. */
export function hexDump(octets: Uint8Array): string {
  let text = ''
  for (let at = 0; at < octets.length; at += 16) text += `${line(octets.subarray(at, at + 16), at)}\n`
  return text
}

function line(octets: Uint8Array, at: number): string {
  const offset = (at & 0xffff).toString(16).toUpperCase().padStart(4, '0')
  let hex = ''
  for (let i = 0; i < 16; i++) {
    hex += i < octets.length ? `${hexOctet(octets[i] ?? 0)} ` : '   '
    if (i === 7) hex += '  '
  }
  const characters = Array.from(octets, octet => (octet < 0x20 || octet > 0x7a ? '.' : String.fromCharCode(octet)))
  return `${offset}: ${hex} ${characters.join('')}`
}

function hexOctet(octet: number): string {
  return octet.toString(16).toUpperCase().padStart(2, '0')
}

/** Octets as AA:BB:CC. */
export function colonHex(hex: string): string {
  return (hex.toUpperCase().match(/../gu) ?? []).join(':')
}
