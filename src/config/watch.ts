import { createHash } from 'node:crypto'
import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

export interface WatchSource {
  /** absolute; those that do not exist yet are waited for */
  readonly files: readonly string[]
  /** milliseconds between two looks at the dates of the files */
  readonly poll: number
  /** Called with the files whose content is another one; the next call waits until it is done. Must not reject. */
  onChange(files: readonly string[]): Promise<void>
}

export interface Watch extends AsyncDisposable {
  /** Takes the files as they are now as known: call it before they are read. */
  note(): Promise<void>
  /** Watches these from now on; those that were not watched yet count as they are now. */
  replace(files: readonly string[]): Promise<void>
}

/** Milliseconds without a further event before the files are looked at: whoever renews a store often writes several files. */
const quiet = 150
/** …but not longer than this after the first one. */
const longestWait = 2_000
/** Between two looks that have to find the same: a file that is still being written is not the one that is meant. */
const settle = 50

/**
 * Tells when the content of files changes. Their folders are watched, since a watch on a file goes deaf with the first atomic rename; so
 * a new file that takes the place of the old one is seen, and the swap of `..data` by which Kubernetes replaces what its links lead to.
 * Events say when to look and nothing else: what counts is the content.
 */
export async function watchFiles(source: WatchSource): Promise<Watch> {
  let files = source.files
  let known = new Map<string, State>()
  let folders = new Map<string, Folder>()
  let timer: NodeJS.Timeout | undefined
  let first: number | undefined
  let looking: Promise<void> | undefined
  let again = false
  let closed = false

  function rouse(): void {
    if (closed) return
    const now = performance.now()
    first ??= now
    clearTimeout(timer)
    timer = setTimeout(look, Math.max(0, Math.min(quiet, first + longestWait - now))).unref()
  }

  function look(): void {
    first = undefined
    again = true
    looking ??= lookOn().finally(() => {
      looking = undefined
    })
  }

  async function lookOn(): Promise<void> {
    while (again && !closed) {
      again = false
      const now = await settled(files)
      const changed = files.filter(file => now.get(file)?.digest !== known.get(file)?.digest)
      known = now
      folders = watchFolders(files, folders, rouse)
      if (changed.length > 0 && !closed) await source.onChange(changed)
    }
  }

  async function note(): Promise<void> {
    known = await read(files)
    if (!closed) folders = watchFolders(files, folders, rouse)
  }

  const poll = setInterval(() => {
    if (looking !== undefined || first !== undefined) return
    folders = watchFolders(files, folders, rouse)
    if (files.some(file => versionOf(file) !== known.get(file)?.version)) rouse()
  }, source.poll).unref()
  await note()

  return {
    note,
    async replace(next) {
      const further = await read(next.filter(file => !known.has(file)))
      known = new Map([...known, ...further])
      files = next
      if (!closed) folders = watchFolders(files, folders, rouse)
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
      clearInterval(poll)
      for (const { watcher } of folders.values()) watcher.close()
      await looking
    },
  }
}

interface State {
  readonly version: string
  readonly digest: string
}

async function settled(files: readonly string[]): Promise<Map<string, State>> {
  let before = await read(files)
  for (let looks = 0; looks < longestWait / settle; looks++) {
    await new Promise(resolve => setTimeout(resolve, settle))
    const now = await read(files)
    if (files.every(file => now.get(file)?.digest === before.get(file)?.digest)) return now
    before = now
  }
  return before
}

async function read(files: readonly string[]): Promise<Map<string, State>> {
  return new Map(await Promise.all(files.map(async file => [file, await stateOf(file)] as const)))
}

/** Never throws: that a file cannot be read is a state too. */
async function stateOf(file: string): Promise<State> {
  const version = versionOf(file)
  try {
    const stat = statSync(file)
    // a named pipe would never end; what is larger than any store is judged by its date
    const whole = stat.isFile() && stat.size <= 64 * 1024 * 1024
    return {
      version,
      digest: whole
        ? createHash('sha256')
            .update(await readFile(file))
            .digest('hex')
        : version,
    }
  } catch (error) {
    return { version, digest: `unreadable: ${(error as NodeJS.ErrnoException).code}` }
  }
}

function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  return stat === undefined ? 'missing' : `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`
}

interface Folder {
  readonly watcher: FSWatcher
  /** a folder that was itself replaced is another one */
  readonly inode: number
  /** of the files that matter: a database or a log may live in the same folder */
  names: ReadonlySet<string>
  deaf: boolean
}

/** Goes on with those of `present` that are still good, and closes the others. */
function watchFolders(files: readonly string[], present: Map<string, Folder>, rouse: () => void): Map<string, Folder> {
  const next = new Map<string, Folder>()
  for (const [path, names] of namesByFolder(files)) {
    const inode = statSync(path, { throwIfNoEntry: false })?.ino
    const known = present.get(path)
    const folder = known?.inode === inode && !known?.deaf ? known : open(path, inode, names, rouse)
    if (folder === undefined) continue
    folder.names = names
    next.set(path, folder)
  }
  for (const [folder, { watcher }] of present) if (next.get(folder)?.watcher !== watcher) watcher.close()
  return next
}

/** The folders of the files, and of what links among them lead to. */
function namesByFolder(files: readonly string[]): Map<string, Set<string>> {
  const names = new Map<string, Set<string>>()
  const add = (file: string) => {
    const folder = dirname(file)
    names.set(folder, (names.get(folder) ?? new Set()).add(basename(file)))
  }
  for (const file of files) {
    add(file)
    try {
      add(realpathSync(file))
    } catch {
      // it is not there: its folder tells when it comes
    }
  }
  return names
}

/** undefined where there is no such folder, or the system has no more watches to give: the poll is left. */
function open(
  path: string,
  inode: number | undefined,
  names: ReadonlySet<string>,
  rouse: () => void,
): Folder | undefined {
  if (inode === undefined) return undefined
  try {
    const watcher = watch(path, { persistent: false }, (_event, name) => {
      if (name === null || name.startsWith('..') || folder.names.has(name)) rouse()
    })
    const folder: Folder = { watcher, inode, names, deaf: false }
    watcher.on('error', () => {
      folder.deaf = true
      watcher.close()
    })
    return folder
  } catch {
    return undefined
  }
}
