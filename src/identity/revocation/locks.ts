import { createHash } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { CodedError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { Name } from '../../pki/x509/name.ts'
import { nameMatchKey } from '../../pki/x509/name-match.ts'
import type { Storage } from '../../storage/storage.ts'

/** What a lock is about: one certificate, one serial number of an issuer, or every certificate of one key. */
export type LockTarget =
  /** SHA-256 over the certificate, lower-case hex */
  | { readonly kind: 'thumbprint'; readonly value: string }
  /** the issuer's name and the serial number, as `issuerSerial` puts them together */
  | { readonly kind: 'issuer-serial'; readonly value: string }
  /** SHA-256 over the SubjectPublicKeyInfo, lower-case hex */
  | { readonly kind: 'public-key'; readonly value: string }

export interface StoredLock {
  readonly kind: LockTarget['kind']
  readonly value: string
  /** what it was set by, for people */
  readonly label: string
  readonly reason: string
  readonly created: number
}

/** The locks in force, in memory. A lock beats every other rule, for authorities and pinned leaves too. */
export interface Locks {
  holds(certificates: readonly Certificate[]): boolean
  onChange(listener: () => void): () => void
}

/** Every kind of lock that a certificate can meet, and what is locked when this one is. */
const valuesToLock: Readonly<Record<LockTarget['kind'], (certificate: Certificate) => string>> = {
  thumbprint: certificate => certificate.thumbprint,
  'issuer-serial': ({ issuer, serialNumber }) => issuerSerial(issuer, serialNumber),
  'public-key': ({ spki }) => createHash('sha256').update(spki).digest('hex'),
}

export function lockTargets(certificate: Certificate): readonly LockTarget[] {
  return Object.entries(valuesToLock).map(([kind, value]) => ({
    kind: kind as LockTarget['kind'],
    value: value(certificate),
  }))
}

/** `serialNumber` in hex. Names that match, and numbers with or without zeros in front, give the same. */
export function issuerSerial(issuer: Name, serialNumber: string): string {
  const key = createHash('sha256').update(nameMatchKey(issuer)).digest('hex')
  return `${key}:${serialNumber.toLowerCase().replace(/^0+(?=.)/, '')}`
}

/** Reads the locks, and again whenever somebody changes them, in this process or another. */
export async function openLocks(storage: Storage, log: Log): Promise<Locks & Disposable> {
  let locked = await read(storage)
  const listeners = new Set<() => void>()
  let reading: Promise<void> | undefined
  let again = false
  const unsubscribe = storage.changes.subscribe('locks', () => {
    again = true
    reading ??= readOn()
      .catch(error => {
        // What was locked stays locked; the storage raises its own alarm, and lets nobody read on before this was done.
        log.error({ err: error }, 'the locks of certificates cannot be read: those known before stay in force')
        throw error
      })
      .finally(() => {
        reading = undefined
      })
    return reading
  })

  async function readOn(): Promise<void> {
    const before = locked
    while (again) {
      again = false
      locked = await read(storage)
    }
    if (isSame(locked, before)) return
    for (const listener of [...listeners]) listener()
  }

  return {
    // Only what some lock is about is worked out, for each of ten thousand clients.
    holds: certificates =>
      locked.size > 0 &&
      certificates.some(one => locked.entries().some(([kind, values]) => values.has(valuesToLock[kind](one)))),
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    [Symbol.dispose]: unsubscribe,
  }
}

type Locked = ReadonlyMap<LockTarget['kind'], ReadonlySet<string>>

async function read(storage: Storage): Promise<Locked> {
  const rows = await storage.early.selectFrom('locks').select(['kind', 'value']).execute()
  const byKind = Map.groupBy(
    rows.filter(({ kind }) => kind in valuesToLock),
    ({ kind }) => kind,
  )
  return new Map(byKind.entries().map(([kind, of]) => [kind, new Set(of.map(({ value }) => value))]))
}

function isSame(one: Locked, other: Locked): boolean {
  if (one.size !== other.size) return false
  return one.entries().every(([kind, values]) => {
    const others = other.get(kind)
    return others !== undefined && others.size === values.size && values.isSubsetOf(others)
  })
}

export interface LockStore {
  /** Throws ERR_LOCK_EXISTS. */
  add(target: LockTarget, label: string, reason: string): Promise<void>
  /** false: there was none */
  remove(target: LockTarget): Promise<boolean>
  list(): Promise<StoredLock[]>
}

/** The locks as they are stored. */
export function createLockStore(storage: Storage, clock: Clock): LockStore {
  return {
    add({ kind, value }, label, reason) {
      return storage.change('locks', async transaction => {
        const same = transaction.selectFrom('locks').select('kind').where('kind', '=', kind).where('value', '=', value)
        if ((await same.executeTakeFirst()) !== undefined) {
          throw new CodedError('ERR_LOCK_EXISTS', `${label} is locked already`, {
            remedy: 'Nothing is to be done: the lock is in force.',
          })
        }
        const row = { kind, value, label, reason, created: clock.now() }
        await transaction.insertInto('locks').values(row).execute()
      })
    },
    remove({ kind, value }) {
      return storage.change('locks', async transaction => {
        const same = transaction.deleteFrom('locks').where('kind', '=', kind).where('value', '=', value)
        return (await same.executeTakeFirst()).numDeletedRows > 0n
      })
    },
    list: () => storage.db.selectFrom('locks').selectAll().orderBy('created').orderBy('value').execute(),
  }
}
