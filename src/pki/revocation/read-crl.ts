import { contextTag, type DerElement, DerReader, derError, encoded, inside, sequence, tag } from '../asn1/der.ts'
import { asBuffer } from '../asn1/strings.ts'
import { readTime } from '../asn1/time.ts'
import { type Certificate, type Extension, readExtensionList } from '../x509/certificate.ts'
import { type Crl, crlMalformed, parseCrl, readReason } from '../x509/crl.ts'
import { namesMatch } from '../x509/name-match.ts'
import { CompactCrl, longDigest } from './compact-crl.ts'
import { SerialTable } from './serial-table.ts'

export interface ReadCrlOptions {
  /** certificates that may have signed it: looked at now, while the octets are at hand */
  readonly issuers?: readonly Certificate[]
  /** lists of more octets than that are made compact; default 1 MiB */
  readonly compactFrom?: number
}

/**
 * Reads a list of any size without stopping the event loop for more than some milliseconds at a time. A large one becomes a CompactCrl,
 * which does not keep `der`. Throws ERR_CRL_MALFORMED, for broken entries too.
 */
export async function readCrl(der: Buffer, options: ReadCrlOptions = {}): Promise<Crl> {
  const { issuers = [], compactFrom = 1_048_576 } = options
  if (der.length < compactFrom) {
    const crl = parseCrl(der)
    // reads the entries now, so that a broken list is told of where it is loaded
    crl.size
    return crl
  }
  try {
    const frame = frameOf(der)
    const { table, critical, marks } = await readEntries(der, frame.revoked)
    const compact = new CompactCrl({
      frame: frame.crl,
      table,
      critical,
      issuers: marks,
      digest: await longDigest(der),
    })
    await compact.verify(
      der,
      issuers.filter(({ subject }) => namesMatch(subject, compact.issuer)),
    )
    return compact
  } catch (cause) {
    throw crlMalformed(cause)
  }
}

/** The same list without its entries, and where these stand. */
function frameOf(der: Buffer): { crl: Crl; revoked: DerElement | undefined } {
  const reader = new DerReader(der)
  const list = reader.enter()
  reader.close('the list')
  const tbs = list.element(tag.sequence)
  const rest = der.subarray(list.offset, list.end)
  const fields = inside(tbs)
  fields.optional(tag.integer)
  fields.element(tag.sequence)
  fields.element(tag.sequence)
  fields.element()
  fields.optional(tag.utcTime) ?? fields.optional(tag.generalizedTime)
  const head = der.subarray(tbs.contentStart, fields.offset)
  const revoked = fields.optional(tag.sequence)
  const tail = der.subarray(fields.offset, tbs.end)
  // without its entries, nothing else may look as if it were they
  if (!fields.done && fields.peek() !== contextTag(0)) throw derError(`unexpected element at offset ${fields.offset}`)
  return { crl: parseCrl(sequence(sequence(head, tail), rest)), revoked }
}

interface Entries {
  readonly table: SerialTable
  readonly critical: Set<string>
  readonly marks: { readonly from: number; readonly issuer: Extension }[]
}

/** so long the event loop is held at a time, milliseconds */
const slice = 8
const entriesBetweenLooks = 512

async function readEntries(der: Buffer, revoked: DerElement | undefined): Promise<Entries> {
  const start = revoked?.contentStart ?? 0
  const end = revoked?.end ?? 0
  const { count, octets } = await measure(der, start, end)
  const entries: Entries = { table: new SerialTable(count, octets), critical: new Set(), marks: [] }
  await inSlices(der, start, end, (contentStart, next) => addEntry(der, contentStart, next, entries))
  return entries
}

async function measure(der: Buffer, start: number, end: number): Promise<{ count: number; octets: number }> {
  let count = 0
  let octets = 0
  await inSlices(der, start, end, (contentStart, next) => {
    count += 1
    const length = der[contentStart + 1]!
    if (der[contentStart] !== tag.integer || length === 0 || length > 0x7f || contentStart + 2 + length > next) {
      throw derError(`no serial number at offset ${contentStart}`)
    }
    octets += length
  })
  return { count, octets }
}

/** Calls `each` with the start of the content and the end of every element between the offsets, and lets others run in between. */
async function inSlices(
  der: Buffer,
  start: number,
  end: number,
  each: (contentStart: number, next: number) => void,
): Promise<void> {
  let sliceEnd = performance.now() + slice
  for (let at = start, n = 1; at < end; n++) {
    let contentStart = at + 2
    let next = contentStart + (der[at + 1] ?? 0)
    // the short form of the length is that of nearly all; the strict reader takes the others
    if (der[at] !== tag.sequence || next - contentStart >= 0x80 || next > end) {
      const element = new DerReader(der, at, end).element(tag.sequence)
      contentStart = element.contentStart
      next = element.end
    }
    each(contentStart, next)
    at = next
    if (n % entriesBetweenLooks === 0 && performance.now() > sliceEnd) {
      await new Promise(setImmediate)
      sliceEnd = performance.now() + slice
    }
  }
}

// RFC 5280 section 5.1: revokedCertificates. `measure` has looked at the serial number.
function addEntry(der: Buffer, contentStart: number, next: number, entries: Entries): void {
  const serialStart = contentStart + 2
  const serialEnd = serialStart + der[contentStart + 1]!
  const fields = new DerReader(der, serialEnd, next)
  const date = readTime(fields.element())
  const extensions = fields.done ? undefined : fields.element(tag.sequence)
  fields.close('the entry')
  const { reason, issuer } = extensions === undefined ? nothing : readEntryExtensions(extensions, entries.critical)
  const place = entries.table.add(der, serialStart, serialEnd, Math.round(date / 1000), reason)
  if (issuer !== undefined) entries.marks.push({ from: place, issuer })
}

interface EntryExtensions {
  readonly reason: number | undefined
  readonly issuer: Extension | undefined
}

const nothing: EntryExtensions = { reason: undefined, issuer: undefined }
/** Extensions of which one is the reason: what nearly every entry has that has any. The reason itself follows. */
const onlyReason = Buffer.from('300c300a0603551d1504030a01', 'hex')

function readEntryExtensions(element: DerElement, critical: Set<string>): EntryExtensions {
  const octets = asBuffer(encoded(element))
  const last = octets.length - 1
  if (last === onlyReason.length && octets.compare(onlyReason, 0, last, 0, last) === 0 && octets[last]! < 0x80) {
    return { reason: octets[last], issuer: undefined }
  }
  // copies: what is kept of them must not keep the whole list
  const extensions = readExtensionList(inside(new DerReader(Buffer.from(octets)).element()))
  for (const { oid, critical: isCritical } of extensions.values()) if (isCritical) critical.add(oid)
  const reason = extensions.get('2.5.29.21')
  return { reason: reason && readReason(reason.value), issuer: extensions.get('2.5.29.29') }
}
