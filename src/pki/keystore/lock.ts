import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { link, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { CodedError } from '../../errors.ts'
import { keyStoreError } from './keystore-error.ts'
import { targetOf } from './replace-file.ts'

/** How long another writer is waited for, in milliseconds: longer than a write takes, shorter than people wait. */
const patience = 3000
const interval = 50
const abandonedAfter = 10_000

/** Targets whose lock the running asynchronous call holds. */
const held = new AsyncLocalStorage<ReadonlySet<string>>()

/**
 * Runs `change` while nobody else can write the file: for reading, changing and writing in one. The lock is a file beside the store,
 * `FILE.lock`, that names its owner; that of a process which is gone is taken over. Calls inside calls are fine.
 * Throws ERR_KEYSTORE_LOCKED.
 */
export async function withKeyStoreLock<T>(path: string, change: () => Promise<T>): Promise<T> {
  const target = await lockTarget(path)
  const own = held.getStore() ?? new Set()
  if (own.has(target)) return await change()
  const lock = `${target}.lock`
  const content = await acquire(lock, path)
  try {
    return await held.run(new Set([...own, target]), change)
  } finally {
    await release(lock, content)
  }
}

async function lockTarget(path: string): Promise<string> {
  try {
    return await targetOf(path)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

async function acquire(lock: string, path: string): Promise<string> {
  // a process that is gone may have had the same number on the same host: the token tells the two apart
  const content = `${process.pid} ${hostname()} ${randomBytes(8).toString('hex')}\n`
  // known as ours before anybody can read it, else another call of this process takes it for a dead one's
  mine.add(content)
  try {
    await take(lock, content, path)
    return content
  } catch (cause) {
    mine.delete(content)
    throw cause
  }
}

async function take(lock: string, content: string, path: string): Promise<void> {
  const deadline = performance.now() + patience
  for (;;) {
    if (await create(lock, content, path)) return
    const other = await readFile(lock, 'utf8').catch(() => undefined)
    if (other !== undefined && (isStale(other) || (await wasAbandoned(lock, other)))) await takeAway(lock, other)
    else if (performance.now() > deadline) throw locked(path, lock, other)
    else await sleep(interval)
  }
}

/** What this process wrote, or is about to write, into locks. */
const mine = new Set<string>()

/** Makes the lock with its owner's name in it in one step: no reader, and no crash, ever sees it without. */
async function create(lock: string, content: string, path: string): Promise<boolean> {
  const named = `${lock}.${randomBytes(6).toString('hex')}`
  try {
    await writeFile(named, content, { flag: 'wx', mode: 0o600 })
    try {
      await link(named, lock)
      return true
    } finally {
      await unlink(named)
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    // file systems without hard links: FAT, some network shares
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS') {
      return await createInTwoSteps(lock, content, path)
    }
    throw unwritable(path, cause)
  }
}

async function createInTwoSteps(lock: string, content: string, path: string): Promise<boolean> {
  try {
    await writeFile(lock, content, { flag: 'wx', mode: 0o600 })
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw unwritable(path, cause)
  }
}

/** Whether the owner is known to be gone. Of an owner on another host, or a lock that is being written, nothing is known. */
function isStale(content: string): boolean {
  const [, pid, host] = /^(\d{1,10}) (\S+) [0-9a-f]{16}\n$/.exec(content) ?? []
  if (pid === undefined || host !== hostname()) return false
  if (Number(pid) === process.pid) return !mine.has(content)
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** A process may have died between making its lock and writing its name into it. */
async function wasAbandoned(lock: string, content: string): Promise<boolean> {
  const made = content === '' && (await stat(lock).catch(() => undefined))
  return made ? Date.now() - made.mtimeMs > abandonedAfter : false
}

/**
 * Removes a lock that is stale. Somebody else may have done so and made a new one since it was read: it is moved aside first, looked at,
 * and put back when it is another.
 */
async function takeAway(lock: string, stale: string): Promise<void> {
  const aside = `${lock}.${randomBytes(6).toString('hex')}`
  try {
    await rename(lock, aside)
    if ((await readFile(aside, 'utf8')) !== stale) await link(aside, lock)
    await unlink(aside)
  } catch {
    // gone already
  }
}

async function release(lock: string, content: string): Promise<void> {
  mine.delete(content)
  const found = await readFile(lock, 'utf8').catch(() => undefined)
  if (found === content) await unlink(lock).catch(() => {})
}

function locked(path: string, lock: string, content: string | undefined): CodedError {
  const [pid, host] = content?.split(' ') ?? []
  const owner = host === undefined ? '' : ` by process ${pid} on ${host}`
  return keyStoreError('ERR_KEYSTORE_LOCKED', `${path} is being written${owner}; the lock is ${lock}`)
}

function unwritable(path: string, cause: unknown): CodedError {
  if (cause instanceof CodedError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  const missing = code === 'ENOENT'
  const how = missing ? 'its folder does not exist' : (code ?? message)
  return keyStoreError('ERR_KEYSTORE_UNWRITABLE', `${path} cannot be written (${how})`, { cause })
}
