import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../clock.ts'
import { CodedError } from '../../errors.ts'
import { earlierFiles, earlierName, lastRecord } from './earlier-files.ts'
import { readHead, writeHead } from './head-file.ts'
import type { AuditKind } from './kinds.ts'
import { FileLock } from './lock.ts'
import { type AuditRecord, encodeRecord, genesis, type Head, type PendingRecord } from './record.ts'
import { readTail, type Tail } from './tail.ts'

/** When a file is put aside, and when those that were are deleted. */
export interface Rotation {
  readonly rotate: { readonly megabytes?: number | undefined; readonly days?: number | undefined }
  readonly keepDays?: number | undefined
}

const day = 86_400_000

/** The file of the chain, which several processes may append to: each takes the lock, looks whether others wrote, and goes on from there. */
export class AuditFile {
  readonly path: string
  readonly #clock: Clock
  readonly #lock: FileLock
  readonly #rotation: Rotation
  #handle: FileHandle | undefined
  #head: Head | undefined
  /** size of the file when this process last wrote to it: another size, and others wrote too */
  #size = -1
  /** time of the first record of the file; undefined: not looked at yet, or it has none */
  #begun: number | undefined

  private constructor(path: string, clock: Clock, lock: FileLock, rotation: Rotation) {
    this.path = path
    this.#clock = clock
    this.#lock = lock
    this.#rotation = rotation
  }

  static async open(path: string, clock: Clock, rotation: Rotation = { rotate: {} }): Promise<AuditFile> {
    let file: AuditFile | undefined
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      file = new AuditFile(path, clock, new FileLock(`${path}.lock`), rotation)
      await file.write([], () => {})
      return file
    } catch (error) {
      await file?.close()
      throw auditError(path, error)
    }
  }

  get head(): Head | undefined {
    return this.#head
  }

  /** Writes and syncs the records. `progress` hears how many are in the file, also before a failure in the middle. */
  async write(records: readonly PendingRecord[], progress: (written: number) => void): Promise<void> {
    try {
      await this.#lock.hold(async () => {
        const found = await this.#goOn()
        const { handle, openings, prefix } = (await this.#putAside(found)) ? await this.#goOn() : found
        const old = found.handle === handle ? undefined : await this.#tooOld()
        if (old !== undefined)
          openings.push(this.#own('files-removed', { through: old.through.sequence, throughHash: old.through.hash }))
        if (prefix === '' && openings.length + records.length === 0) return
        try {
          await this.#append(handle, prefix, openings, records, progress)
          await handle.datasync()
        } finally {
          if (this.#head) await writeHead(this.path, this.#head)
        }
        // Only now: the record that says so is on disk.
        for (const file of old?.files ?? []) await unlink(file)
      })
    } catch (error) {
      throw auditError(this.path, error)
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close()
    this.#lock[Symbol.dispose]()
  }

  /** The end of the file as it is now, and the records that have to say what happened to it meanwhile. */
  async #goOn(): Promise<{ handle: FileHandle; openings: PendingRecord[]; prefix: string }> {
    const handle = await this.#openHandle()
    const { size } = await handle.stat()
    if (size === this.#size) return { handle, openings: [], prefix: '' }
    const tail = await readTail(handle, size)
    if (tail === undefined) throw damaged(this.path)
    const known = later(this.#head, later(await readHead(this.path), await this.#earlierHead(tail)))
    const openings = this.#openings(tail, known)
    const { record } = tail
    this.#head = headOf(record)
    // the sequence goes on behind what is known to have existed, so that the gap stays visible
    if (known && (this.#head === undefined || known.sequence > this.#head.sequence)) {
      this.#head = { sequence: known.sequence, hash: this.#head?.hash ?? known.hash }
    }
    this.#size = size
    return { handle, openings, prefix: tail.terminated ? '' : '\n' }
  }

  #openings({ record, torn }: Tail, known: Head | undefined): PendingRecord[] {
    const openings: PendingRecord[] = []
    const add = (kind: AuditKind, fields: object) => openings.push(this.#own(kind, fields))
    if (record === undefined) {
      if (known === undefined) add('log-started', { log: randomUUID(), version: 1 })
      else add('log-continued', { after: known.sequence })
    } else if (known !== undefined && known.sequence > record.sequence) {
      add('records-missing', { from: record.sequence + 1, to: known.sequence })
    }
    if (torn) add('line-repaired', { tornBytes: torn.bytes, tornHash: torn.hash })
    return openings
  }

  #own(kind: AuditKind, fields: object): PendingRecord {
    return { time: new Date(this.#clock.now()).toISOString(), kind, fields: JSON.stringify(fields) }
  }

  /** Where the chain was before an empty file. A crash may have come between putting the last one aside and beginning this one. */
  async #earlierHead({ record }: Tail): Promise<Head | undefined> {
    const last = record === undefined ? (await earlierFiles(this.path)).at(-1) : undefined
    return last === undefined ? undefined : headOf(await lastRecord(last))
  }

  /** Whether the file was due, and stands under another name now. All that is in it is on disk. */
  async #putAside({ handle, prefix }: { handle: FileHandle; prefix: string }): Promise<boolean> {
    const { megabytes, days } = this.#rotation.rotate
    if (this.#size <= 0 || prefix !== '') return false
    const large = megabytes !== undefined && this.#size >= megabytes * 1_000_000
    if (!large && (days === undefined || !(await this.#isOld(handle, days)))) return false
    const tail = await readTail(handle, this.#size)
    if (tail?.record === undefined) return false
    const name = earlierName(this.path, tail.record)
    // Somebody's copy is not written over.
    if ((await stat(name).catch(() => undefined)) !== undefined) return false
    await rename(this.path, name)
    return true
  }

  async #isOld(handle: FileHandle, days: number): Promise<boolean> {
    this.#begun ??= await firstTime(handle)
    if (this.#begun === undefined) return false
    return Math.floor(this.#clock.now() / day) - Math.floor(this.#begun / day) >= days
  }

  /** The files of which all records are older than may be kept, and the last of those records. */
  async #tooOld(): Promise<{ files: string[]; through: Head } | undefined> {
    const { keepDays } = this.#rotation
    if (keepDays === undefined) return undefined
    const files: string[] = []
    let through: Head | undefined
    for (const file of await earlierFiles(this.path)) {
      const last = await lastRecord(file)
      if (last === undefined || Date.parse(last.time) > this.#clock.now() - keepDays * day) break
      files.push(file)
      through = headOf(last)
    }
    return through && { files, through }
  }

  async #append(
    handle: FileHandle,
    prefix: string,
    openings: readonly PendingRecord[],
    records: readonly PendingRecord[],
    progress: (written: number) => void,
  ): Promise<void> {
    const ends: { readonly at: number; readonly head: Head }[] = []
    const parts = [Buffer.from(prefix, 'latin1')]
    let head = this.#head
    let size = prefix.length
    for (const record of [...openings, ...records]) {
      const sequence = (head?.sequence ?? -1) + 1
      const { line, hash } = encodeRecord(sequence, record, head?.hash ?? genesis)
      const part = Buffer.from(`${line}\n`, 'utf8')
      size += part.length
      head = { sequence, hash }
      parts.push(part)
      ends.push({ at: size, head })
    }
    const bytes = Buffer.concat(parts)
    let done = 0
    try {
      while (done < bytes.length) done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten
      this.#size += bytes.length
    } catch (error) {
      // a line cut short is repaired at the next write, like one that a crash left
      this.#size = -1
      throw error
    } finally {
      const whole = ends.filter(({ at }) => at <= done)
      this.#head = whole.at(-1)?.head ?? this.#head
      progress(Math.max(0, whole.length - openings.length))
    }
  }

  /** The file may be moved away at any time, to be archived: the next record then begins a new one. */
  async #openHandle(): Promise<FileHandle> {
    if (this.#handle !== undefined) {
      const [ours, there] = await Promise.all([this.#handle.stat(), stat(this.path).catch(() => undefined)])
      if (there !== undefined && there.ino === ours.ino && there.dev === ours.dev) return this.#handle
      await this.#handle.close()
      this.#handle = undefined
      this.#size = -1
      this.#begun = undefined
    }
    this.#handle = await open(this.path, 'a+', 0o600)
    return this.#handle
  }
}

function headOf(record: AuditRecord | undefined): Head | undefined {
  return record && { sequence: record.sequence, hash: record.hash }
}

/** When the first record of the file was written. */
async function firstTime(handle: FileHandle): Promise<number | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(200), 0, 200, 0)
  const time = /^\{"sequence":\d+,"time":"([^"]+)"/.exec(buffer.toString('latin1', 0, bytesRead))?.[1]
  return time === undefined ? undefined : Date.parse(time)
}

function later(one: Head | undefined, other: Head | undefined): Head | undefined {
  return one && other && one.sequence > other.sequence ? one : (other ?? one)
}

function damaged(path: string): CodedError {
  return new CodedError(
    'ERR_AUDIT_DAMAGED',
    `the last line of the audit file ${path} is not a record that was written here`,
    {
      remedy: 'Run `countersign audit verify` on it. To begin a new file, move this one away and keep it.',
    },
  )
}

function auditError(path: string, cause: unknown): CodedError {
  if (cause instanceof CodedError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'ERR_SQLITE_ERROR' && message === 'database is locked') {
    return new CodedError('ERR_AUDIT_LOCKED', `another process holds the audit file ${path} for too long`, {
      remedy: 'Find the other process that writes it: every write takes milliseconds.',
      cause,
    })
  }
  return new CodedError('ERR_AUDIT_UNWRITABLE', `cannot write the audit file ${path}: ${message}`, {
    remedy: 'Check that this user may write the file and its folder, and that the disk has room.',
    cause,
  })
}
