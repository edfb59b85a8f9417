import type { Clock } from '../../clock.ts'
import type { CodedError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { AuditFile, type Rotation } from './audit-file.ts'
import { headText } from './head-file.ts'
import type { AuditKind } from './kinds.ts'
import type { AuditFields, Head, PendingRecord } from './record.ts'

export interface AuditSource {
  /** absolute path */
  readonly file: string
  /** milliseconds that a record may wait for others */
  readonly flushInterval?: number
  /** records that may wait while the disk does not take them */
  readonly maxPending?: number
  readonly rotation?: Rotation
  readonly clock: Clock
  readonly log: Log
}

export interface Audit extends AsyncDisposable {
  /** Takes the record and returns at once; it is on disk after the next flush. Order is kept. */
  append(kind: AuditKind, fields: AuditFields): void
  /** Everything appended before is written and synced. Throws ERR_AUDIT_*. */
  flush(): Promise<void>
  readonly state: AuditState
}

export interface AuditState {
  /** the last record on disk */
  readonly head: Head | undefined
  readonly pending: number
  /** given up since the start, because too many waited */
  readonly lost: number
  /** why the last write failed; undefined while all is well */
  readonly failure: CodedError | undefined
}

/** Goes on with the file, or begins it. Throws ERR_AUDIT_UNWRITABLE, ERR_AUDIT_LOCKED, ERR_AUDIT_DAMAGED. */
export async function openAudit(source: AuditSource): Promise<Audit> {
  const file = await AuditFile.open(source.file, source.clock, source.rotation)
  const audit = new BufferedAudit(file, source)
  audit.noteHead('the audit record goes on from here')
  return audit
}

/** Records that are written in one go. */
const batch = 500
const headNoteInterval = 3_600_000

class BufferedAudit implements Audit {
  readonly #file: AuditFile
  readonly #clock: Clock
  readonly #log: Log
  readonly #flushInterval: number
  readonly #maxPending: number
  readonly #headNotes: NodeJS.Timeout
  #pending: PendingRecord[] = []
  #lost = 0
  #lostUnrecorded = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  #failures = 0
  #closed = false
  #failure: CodedError | undefined

  constructor(file: AuditFile, { clock, log, flushInterval = 100, maxPending = 50_000 }: AuditSource) {
    this.#file = file
    this.#clock = clock
    this.#log = log
    this.#flushInterval = flushInterval
    this.#maxPending = maxPending
    // the log usually leaves the machine: what it says of the chain cannot be changed together with the file
    this.#headNotes = setInterval(() => this.noteHead('the audit record is here'), headNoteInterval).unref()
  }

  get state(): AuditState {
    return { head: this.#file.head, pending: this.#pending.length, lost: this.#lost, failure: this.#failure }
  }

  noteHead(message: string): void {
    const { head } = this.#file
    if (head) this.#log.info({ auditFile: this.#file.path, auditHead: headText(head) }, message)
  }

  append(kind: AuditKind, fields: AuditFields): void {
    if (this.#closed || this.#pending.length >= this.#maxPending) {
      this.#lost++
      this.#lostUnrecorded++
      return
    }
    const time = new Date(this.#clock.now()).toISOString()
    if (this.#lostUnrecorded > 0) {
      const lost = JSON.stringify({ count: this.#lostUnrecorded })
      this.#pending.push({ time, kind: 'records-lost', fields: lost })
      this.#lostUnrecorded = 0
    }
    this.#pending.push({ time, kind, fields: JSON.stringify(fields) })
    this.#schedule(this.#flushInterval)
  }

  async flush(): Promise<void> {
    // what is being written may have been started before the last append
    await this.#writing?.catch(() => {})
    while (this.#pending.length > 0) await this.#write()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#headNotes)
    this.#closed = true
    try {
      await this.flush()
    } finally {
      clearTimeout(this.#timer)
      this.noteHead('the audit record ends here')
      await this.#file.close()
    }
  }

  #schedule(delay: number): void {
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined
        // a failure is logged, kept in `state` and tried again
        this.#write().catch(() => {})
      },
      this.#failures > 0 ? this.#retryDelay() : delay,
    )
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeBatch().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  async #writeBatch(): Promise<void> {
    const records = this.#pending.slice(0, batch)
    let written = 0
    try {
      await this.#file.write(records, count => {
        written = count
      })
      if (this.#failures > 0) this.#log.info({ auditFile: this.#file.path }, 'the audit record is being written again')
      this.#failures = 0
      this.#failure = undefined
    } catch (error) {
      this.#fail(error)
      throw error
    } finally {
      this.#pending.splice(0, written)
      if (this.#pending.length > 0) this.#schedule(0)
    }
  }

  #retryDelay(): number {
    return Math.min(250 * 2 ** this.#failures, 30_000)
  }

  #fail(error: unknown): void {
    this.#failures++
    this.#failure = error as CodedError
    const { code, message } = error as CodedError
    const fields = { code, error: message, pending: this.#pending.length, lost: this.#lost }
    this.#log.error(fields, 'the audit record cannot be written')
  }
}
