import { content, type DerElement, derError } from '../../asn1/der.ts'

/** A count from 1 to 2^31 - 1. Leading zero octets are let pass, as old makers wrote them. */
export function iterationCount(element: DerElement): number {
  const octets = content(element)
  let value = 0
  if (!(octets[0]! >= 0x80)) for (const octet of octets) value = value * 256 + octet
  if (!(value >= 1 && value < 2 ** 31)) throw derError(`iteration count out of range at offset ${element.start}`)
  return value
}
