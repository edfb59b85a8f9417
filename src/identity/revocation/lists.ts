import { readFile } from 'node:fs/promises'
import type { Clock } from '../../clock.ts'
import { isCoded } from '../../errors.ts'
import { type CrlSet, indexCrls } from '../../pki/path/crl-set.ts'
import { signatureVerifies } from '../../pki/path/signature.ts'
import { CompactCrl, longDigest } from '../../pki/revocation/compact-crl.ts'
import { listsOf, readCrlFile } from '../../pki/revocation/read-crl-file.ts'
import type { SourceFailure } from '../../pki/revocation/sources.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { Crl } from '../../pki/x509/crl.ts'
import { namesMatch } from '../../pki/x509/name-match.ts'
import type { Fetcher } from './fetch.ts'
import type { KeptCopies } from './kept-copies.ts'
import { type ListFile, type ListPlaces, namedFiles, readListFile, versionOf } from './list-files.ts'
import { jitter, SourceState } from './source-state.ts'

export interface ListsSource {
  readonly places: ListPlaces
  /** read already, so that a start or reload fails as a whole */
  readonly files: readonly ListFile[]
  readonly urls: readonly string[]
  /** certificates that may have signed lists: anchors, and intermediates that the configuration names */
  readonly issuers: readonly Certificate[]
  readonly fetcher: Fetcher
  readonly copies: KeptCopies
  readonly maxBytes: number
  readonly maxRemembered: number
  /** milliseconds after which a fetched list is asked for again at the latest */
  readonly refresh: number
  readonly clock: Clock
  /** another list counts from now on */
  onChange(): void
  onFetched(event: ListFetched): void
}

export interface ListFetched {
  readonly source: string
  readonly outcome: 'loaded' | 'unchanged' | 'failed'
  /** what was loaded, or why nothing was */
  readonly detail: string
}

class Remote extends SourceState {
  /** newest first; an older one is kept where the newest is not known to be signed by anybody we know */
  crls: readonly Crl[] = []
  etag: string | undefined
  lastModified: string | undefined
  issuers: readonly Certificate[]
  readonly url: string
  readonly namedBy: 'configuration' | 'certificate'

  constructor(url: string, namedBy: Remote['namedBy'], issuers: readonly Certificate[]) {
    super()
    this.url = url
    this.namedBy = namedBy
    this.issuers = issuers
  }
}

/** All revocation lists that are at hand, and the fetching of those that are not. What counts is swapped as a whole. */
export class Lists {
  crls: CrlSet
  readonly #source: ListsSource
  #files: ReadonlyMap<string, ListFile>
  #broken = new Map<string, string>()
  readonly #remotes = new Map<string, Remote>()
  readonly #stopping = new AbortController()
  #polling = false

  constructor(source: ListsSource) {
    this.#source = source
    this.#files = new Map(source.files.map(file => [file.file, file]))
    for (const url of source.urls) this.#remotes.set(url, new Remote(url, 'configuration', source.issuers))
    this.crls = this.#index()
  }

  /** What is known of the list at an address that a certificate names; undefined: nothing yet, or it is time to ask again. */
  list(url: string): 'loaded' | SourceFailure | undefined {
    const remote = this.#remotes.get(url)
    if (remote === undefined) return undefined
    const now = this.#source.clock.now()
    if (remote.failure !== undefined && now < remote.failure.retryAt) return remote.failure
    return remote.crls.length > 0 && now < remote.due ? 'loaded' : undefined
  }

  /** Fetches a list that a trusted certificate names. Never throws: how it went is what `list` says afterwards. */
  want(url: string, issuers: readonly Certificate[]): Promise<void> {
    const remote = this.#remotes.get(url) ?? this.#remember(url, issuers)
    return this.#refresh(remote)
  }

  /** Fetches the lists whose addresses stand in the configuration. Never throws. */
  async fetchConfigured(): Promise<void> {
    const configured = [...this.#remotes.values()].filter(({ namedBy }) => namedBy === 'configuration')
    await Promise.all(configured.map(remote => this.#refresh(remote)))
  }

  /** Looks whether files have changed, and asks again where it is time. Never throws. */
  async tick(): Promise<void> {
    if (this.#polling) return
    this.#polling = true
    try {
      await this.#pollFiles()
      const now = this.#source.clock.now()
      for (const remote of this.#remotes.values()) if (now >= remote.due) void this.#refresh(remote)
    } finally {
      this.#polling = false
    }
  }

  /** Finds out who signed a large list. Never throws. */
  async verify(crl: CompactCrl): Promise<void> {
    try {
      for await (const der of this.#octetsOf(crl)) {
        if ((await longDigest(der)) === crl.digest) return await crl.verify(der)
      }
    } catch {
      // gone or changed meanwhile: the next load sees to it
    }
  }

  /** What is wrong with files, of which the last good state is in force. */
  get brokenFiles(): readonly string[] {
    return [...this.#broken.values()].filter(message => !message.startsWith('? '))
  }

  stop(): void {
    this.#stopping.abort()
  }

  async *#octetsOf(crl: CompactCrl): AsyncGenerator<Buffer> {
    for (const { file, crls } of this.#files.values()) if (crls.includes(crl)) yield* listsOf(await readFile(file))
    for (const { url, crls } of this.#remotes.values()) {
      const copy = crls.includes(crl) ? await this.#source.copies.read(url) : undefined
      if (copy !== undefined) yield* listsOf(copy)
    }
  }

  #remember(url: string, issuers: readonly Certificate[]): Remote {
    const named = [...this.#remotes.values()].filter(({ namedBy }) => namedBy === 'certificate')
    if (named.length >= this.#source.maxRemembered) {
      // the one that nobody asked for in the longest time stands first
      const oldest = named.find(({ inFlight }) => inFlight === undefined) ?? named[0]!
      this.#remotes.delete(oldest.url)
      void this.#source.copies.remove(oldest.url).catch(() => {})
    }
    const remote = new Remote(url, 'certificate', issuers.slice(0, 8))
    this.#remotes.set(url, remote)
    return remote
  }

  #refresh(remote: Remote): Promise<void> {
    remote.inFlight ??= this.#fetch(remote).finally(() => {
      remote.inFlight = undefined
    })
    return remote.inFlight
  }

  async #fetch(remote: Remote): Promise<void> {
    const { fetcher, clock, maxBytes } = this.#source
    if (remote.crls.length === 0) await this.#takeCopy(remote)
    const { url, namedBy, etag, lastModified } = remote
    try {
      const { status, headers, body } = await fetcher.fetch({
        url,
        namedBy,
        maxBytes,
        headers: {
          ...(etag === undefined || remote.crls.length === 0 ? {} : { 'if-none-match': etag }),
          ...(lastModified === undefined || remote.crls.length === 0 ? {} : { 'if-modified-since': lastModified }),
        },
        signal: this.#stopping.signal,
      })
      if (status === 304) {
        this.#settle(remote, 'unchanged')
        return
      }
      await this.#take(remote, body, true)
      remote.etag = single(headers.etag)
      remote.lastModified = single(headers['last-modified'])
      this.#settle(remote, 'loaded')
    } catch (error) {
      if (!isCoded(error)) throw error
      this.#fail(remote, error.message, clock.now())
    }
  }

  /** Until the answer comes, and where none does, the copy of the last good one counts. */
  async #takeCopy(remote: Remote): Promise<void> {
    const copy = await this.#source.copies.read(remote.url)
    if (copy === undefined) return
    try {
      await this.#take(remote, copy, false)
    } catch {
      // a damaged copy is as good as none
    }
  }

  async #take(remote: Remote, octets: Buffer, fresh: boolean): Promise<void> {
    const issuers = [...this.#source.issuers, ...remote.issuers]
    const crls = await readCrlFile(octets, { issuers })
    const older = remote.crls
    if (older.length > 0 && sameLists(older, crls)) return
    const known = crls.every(crl => isSignedByOne(crl, issuers))
    const rolledBack = older.some(old =>
      crls.some(crl => namesMatch(crl.issuer, old.issuer) && crl.thisUpdate < old.thisUpdate),
    )
    // whoever sits between us and the server can replay an old list, or send one that nobody signed: it does not take the place of a good one
    remote.crls = known && !rolledBack ? crls : [...crls, ...older].slice(0, 4)
    if (fresh && (known || older.length === 0) && !rolledBack) {
      await this.#source.copies.write(remote.url, octets).catch(() => {})
    }
    if (this.#remotes.get(remote.url) === remote) this.#change()
  }

  #settle(remote: Remote, outcome: 'loaded' | 'unchanged'): void {
    const { clock, refresh, onFetched } = this.#source
    const now = clock.now()
    const ends = remote.crls.flatMap(({ nextUpdate }) => (nextUpdate === undefined ? [] : [nextUpdate]))
    const end = ends.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...ends)
    if (end <= now) return void this.#fail(remote, 'the list there is out of date', now)
    // in time before the end, so that a failure or two do no harm
    remote.succeeded(now + jitter(Math.min(refresh, Math.max((end - now) * 0.75, shortest))))
    onFetched({ source: remote.url, outcome, detail: describe(remote.crls) })
  }

  #fail(remote: Remote, why: string, now: number): void {
    remote.failed(why, now)
    this.#source.onFetched({ source: remote.url, outcome: 'failed', detail: why })
  }

  async #pollFiles(): Promise<void> {
    const { places, issuers, onFetched } = this.#source
    const next = new Map<string, ListFile>()
    let changed = false
    for (const file of this.#present(places)) {
      const before = this.#files.get(file)
      try {
        const version = versionOf(file)
        if (before?.version === version) {
          next.set(file, before)
          this.#broken.delete(file)
        } else {
          const read = await readListFile(file, issuers)
          next.set(file, read)
          changed = true
          this.#broken.delete(file)
          onFetched({ source: file, outcome: 'loaded', detail: describe(read.crls) })
        }
      } catch (error) {
        // It may be half written: only what stays broken from one look to the next is told of. The last good state stays in force.
        if (before !== undefined) next.set(file, before)
        const message = (error as Error).message
        const told = this.#broken.get(file)
        if (told === `? ${message}`) onFetched({ source: file, outcome: 'failed', detail: message })
        this.#broken.set(file, told === undefined ? `? ${message}` : message)
      }
    }
    if (next.size !== this.#files.size) changed = true
    if (!changed) return
    this.#files = next
    this.#change()
  }

  /** A file that is named stays, a file that is gone from a folder goes; a folder that is gone changes nothing. */
  #present(places: ListPlaces): readonly string[] {
    try {
      return namedFiles(places)
    } catch {
      return [...this.#files.keys()]
    }
  }

  #change(): void {
    this.crls = this.#index()
    this.#source.onChange()
  }

  #index(): CrlSet {
    const fetched = [...this.#remotes.values()].flatMap(({ crls }) => crls)
    return indexCrls([...[...this.#files.values()].flatMap(({ crls }) => crls), ...fetched])
  }
}

/** milliseconds between two fetches of a list at least */
const shortest = 30_000

function isSignedByOne(crl: Crl, issuers: readonly Certificate[]): boolean {
  return issuers.some(issuer => {
    if (!namesMatch(issuer.subject, crl.issuer)) return false
    try {
      return crl instanceof CompactCrl ? crl.signedBy(issuer) : signatureVerifies(crl, issuer.publicKey())
    } catch {
      return false
    }
  })
}

function sameLists(one: readonly Crl[], other: readonly Crl[]): boolean {
  return one.length === other.length && one.every((crl, i) => crl.signature.equals(other[i]!.signature))
}

function describe(crls: readonly Crl[]): string {
  return crls.map(({ issuer, size }) => `${issuer}: ${size}`).join('; ')
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
