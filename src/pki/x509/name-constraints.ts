import { contextTag, type DerElement, derError, inside, readSmallInteger } from '../asn1/der.ts'
import { type ExtensionReader, extensionReader } from './extensions.ts'
import { type GeneralName, generalNameOf } from './general-name.ts'

export interface NameConstraints {
  /** the base of each permitted subtree; empty: everything that is not excluded */
  readonly permitted: readonly GeneralName[]
  readonly excluded: readonly GeneralName[]
}

/** RFC 5280 section 4.2.1.10: an authority's limits on the names below it. */
export const nameConstraints: ExtensionReader<NameConstraints> = extensionReader(
  '2.5.29.30',
  'nameConstraints',
  reader => {
    const fields = reader.enter()
    const permitted = readSubtrees(fields.optional(contextTag(0)))
    const excluded = readSubtrees(fields.optional(contextTag(1)))
    fields.close('the name constraints')
    if (permitted.length + excluded.length === 0) throw derError('neither permitted nor excluded names')
    return { permitted, excluded }
  },
)

function readSubtrees(element: DerElement | undefined): GeneralName[] {
  if (element === undefined) return []
  const list = inside(element)
  if (list.done) throw derError(`empty list of subtrees at offset ${list.offset}`)
  const bases: GeneralName[] = []
  while (!list.done) {
    const fields = list.enter()
    const base = generalNameOf(fields.element())
    // "minimum MUST be zero, and maximum MUST be absent"; other values would mean a smaller tree, so they are not ignored
    const minimum = fields.optional(contextTag(0, 'primitive'))
    if (minimum !== undefined && readSmallInteger(minimum) !== 0) throw derError('a minimum depth of names')
    if (fields.optional(contextTag(1, 'primitive')) !== undefined) throw derError('a maximum depth of names')
    fields.close('the subtree')
    if (base.type === 'iPAddress') checkMask(base.octets)
    bases.push(base)
  }
  return bases
}

// RFC 4632: a mask is ones and then zeros
function checkMask(octets: Buffer): void {
  if (octets.length !== 8 && octets.length !== 32) throw derError(`IP address range of ${octets.length} octets`)
  let ended = false
  for (const octet of octets.subarray(octets.length / 2)) {
    for (let bit = 7; bit >= 0; bit--) {
      const one = ((octet >> bit) & 1) === 1
      if (one && ended) throw derError('IP address mask with a gap')
      ended ||= !one
    }
  }
}
