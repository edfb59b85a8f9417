import { readHead } from './head-file.ts'
import { readLines } from './lines.ts'
import { type AuditRecord, decodeRecord, genesis, type Head } from './record.ts'
import { longestLine, tornOf } from './tail.ts'

export interface VerifyOptions {
  /** places in the chain that were kept elsewhere: the files must contain them */
  readonly heads?: readonly Head[]
  /** where the first file goes on from, when the files before it are not at hand */
  readonly after?: Head
}

export type AuditVerdict = Intact | Broken

export interface Intact {
  readonly ok: true
  readonly records: number
  readonly first: Head | undefined
  readonly last: Head | undefined
  /** what is odd but explained: a line that a crash cut short */
  readonly notes: readonly string[]
}

export interface Broken {
  readonly ok: false
  readonly file: string
  /** line in that file, from 1; undefined when the end is missing */
  readonly line: number | undefined
  /** sequence number of the first bad record, as far as it can be known */
  readonly sequence: number
  readonly reason: 'malformed' | 'changed' | 'removed' | 'reordered' | 'truncated'
  readonly detail: string
}

/**
 * Follows the chain through the files, oldest first, and names the first record that is not as it was written. The chain alone cannot
 * show that its end was cut off, or that all of it was written anew: the head file next to the last file, and `heads` kept elsewhere, can.
 */
export async function verifyAudit(files: readonly string[], options: VerifyOptions = {}): Promise<AuditVerdict> {
  const last = files.at(-1)
  // read first: records that are added meanwhile then only make the file longer than its head says
  const noted = last === undefined ? undefined : await readHead(last)
  const chain = new Chain([...(options.heads ?? []), ...(noted ? [noted] : [])], options.after)
  for (const file of files) {
    const broken = await chain.follow(file)
    if (broken) return broken
  }
  return chain.end(last ?? '')
}

class Chain {
  readonly #heads: Map<number, Head[]>
  readonly #notes: string[] = []
  #previous: Head | undefined
  #first: Head | undefined
  #records = 0
  /** what stood before the first record, while nothing explains yet why it is not at hand */
  #unseen: { readonly before: Head; readonly broken: Broken } | undefined
  /** lines that are no records, and that a record has to explain */
  #torn: { readonly line: number; readonly lines: Buffer[] } | undefined

  constructor(heads: readonly Head[], after: Head | undefined) {
    this.#heads = Map.groupBy(heads, head => head.sequence)
    this.#previous = after
  }

  async follow(file: string): Promise<Broken | undefined> {
    let line = 0
    let whole = true
    for await (const { bytes, terminated } of readLines(file)) {
      line++
      whole = terminated
      const decoded = decodeRecord(bytes.toString('utf8'))
      const at = { file, line, sequence: this.#next }
      const problem = decoded ? this.#check(decoded.record, decoded.changed, at) : this.#tear(bytes, at)
      if (problem) return problem
    }
    const torn = this.#torn
    this.#torn = undefined
    if (torn === undefined) return undefined
    if (whole || torn.lines.length > 1) return notARecord({ file, line: torn.line, sequence: this.#next })
    this.#notes.push(`${file}: line ${line} is cut short; the next record that is written will explain it`)
    return undefined
  }

  get #next(): number {
    return (this.#previous?.sequence ?? -1) + 1
  }

  #tear(bytes: Buffer, at: Place): Broken | undefined {
    // the bytes of a chunk are used again by the stream
    if (this.#torn) this.#torn.lines.push(Buffer.from(bytes))
    else this.#torn = { line: at.line!, lines: [Buffer.from(bytes)] }
    const { line, lines } = this.#torn
    const size = lines.reduce((sum, each) => sum + each.length, 0)
    return size > 2 * longestLine || lines.length > 1000 ? notARecord({ ...at, line }) : undefined
  }

  #check(record: AuditRecord, changed: boolean, at: Place): Broken | undefined {
    const { sequence } = record
    const expected = at.sequence
    if (changed) return broken({ ...at, sequence }, 'changed', `record ${sequence} is not as it was written`)
    if (this.#torn) {
      const problem = this.#explainTorn(record, at)
      if (problem) return problem
    }
    if (this.#previous === undefined && sequence > 0) {
      const detail = `the file begins with record ${sequence}: hand in the file before it too, or say where this one goes on from`
      // A record that comes later may say that the files before it were deleted when their time was over.
      this.#previous = { sequence: sequence - 1, hash: record.previous }
      this.#unseen = { before: this.#previous, broken: broken(at, 'removed', detail) }
      return this.#check(record, false, { ...at, sequence })
    }
    if (sequence > expected) {
      const range = sequence - expected === 1 ? `record ${expected} is` : `records ${expected} to ${sequence - 1} are`
      return broken(at, 'removed', `${range} missing`)
    }
    if (sequence < expected)
      return broken({ ...at, sequence }, 'reordered', `record ${sequence} stands where record ${expected} belongs`)
    if (record.previous !== (this.#previous?.hash ?? genesis)) {
      return broken(
        { ...at, sequence },
        'changed',
        `record ${sequence} does not follow from the record before it: one of the two was replaced`,
      )
    }
    for (const head of this.#heads.get(sequence) ?? []) {
      if (head.hash !== record.hash)
        return broken({ ...at, sequence }, 'changed', `record ${sequence} is not the one that was noted elsewhere`)
    }
    this.#heads.delete(sequence)
    if (record.kind === 'files-removed') this.#explainUnseen(record)
    this.#previous = { sequence, hash: record.hash }
    this.#first ??= this.#previous
    this.#records++
    return undefined
  }

  #explainUnseen({ sequence, fields }: AuditRecord): void {
    const before = this.#unseen?.before
    const { through, throughHash } = fields
    if (before === undefined || typeof through !== 'number' || through < before.sequence) return
    // Of several files to be deleted some may be left: what the chain holds of them was checked.
    if (through === before.sequence && throughHash !== before.hash) return
    this.#notes.push(
      `records up to ${before.sequence} were deleted when their time was over, as record ${sequence} says`,
    )
    this.#unseen = undefined
  }

  #explainTorn(record: AuditRecord, at: Place): Broken | undefined {
    const { line, lines } = this.#torn!
    const { tornBytes, tornHash } = record.fields
    const torn = tornOf(lines)
    if (record.kind === 'line-repaired' && tornBytes === torn.bytes && tornHash === torn.hash) {
      this.#notes.push(`${at.file}: line ${line} was cut short, which record ${record.sequence} explains`)
      this.#torn = undefined
      return undefined
    }
    const others = ['log-started', 'log-continued', 'records-missing']
    return others.includes(record.kind) ? undefined : notARecord({ ...at, line })
  }

  end(file: string): AuditVerdict {
    if (this.#unseen !== undefined) return this.#unseen.broken
    const missing = Math.max(...this.#heads.keys())
    if (missing >= 0) {
      const sequence = this.#next
      const detail =
        missing >= sequence
          ? `the end is cut off: records up to ${missing} are known to have existed`
          : `record ${missing} is not in the files`
      return broken({ file, line: undefined, sequence: Math.min(missing, sequence) }, 'truncated', detail)
    }
    return { ok: true, records: this.#records, first: this.#first, last: this.#previous, notes: this.#notes }
  }
}

type Place = Pick<Broken, 'file' | 'line' | 'sequence'>

function notARecord(place: Place): Broken {
  return broken(place, 'malformed', `line ${place.line} is not a record`)
}

function broken(place: Place, reason: Broken['reason'], detail: string): Broken {
  return { ok: false, ...place, reason, detail }
}
