import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { isCoded } from '../../errors.ts'
import type { CrlSet } from '../../pki/path/crl-set.ts'
import { judgeResponse } from '../../pki/revocation/ocsp/judge-response.ts'
import { encodeOcspRequest, getAddress } from '../../pki/revocation/ocsp/request.ts'
import { parseOcspResponse } from '../../pki/revocation/ocsp/response.ts'
import type { OcspQuestion, OcspStatus, SourceFailure } from '../../pki/revocation/sources.ts'
import type { Fetched, Fetcher } from './fetch.ts'
import type { ListFetched } from './lists.ts'
import { jitter, SourceState } from './source-state.ts'

export interface ResponsesSource {
  readonly fetcher: Fetcher
  readonly clock: Clock
  /** answers that are kept at a time */
  readonly capacity: number
  readonly nonce: 'send' | 'omit'
  /** addresses that stand in the configuration */
  readonly configured: readonly string[]
  /** lists that may have revoked a responder */
  readonly lists: { readonly crls: CrlSet }
  /** a certificate that was good is so no more */
  onWorse(): void
  onFetched(event: ListFetched): void
}

class Entry extends SourceState {
  readonly question: OcspQuestion
  answer: OcspStatus | undefined
  /** the response that says so, DER */
  octets: Buffer | undefined
  /** somebody wanted to know since the answer came: then it is renewed ahead of its end */
  asked = true

  constructor(question: OcspQuestion) {
    super()
    this.question = question
  }
}

/** questions that are under way at a time, and that wait for their turn */
const mostAtOnce = 16
const mostWaiting = 1_000
const longestResponse = 131_072
/** milliseconds between two walks over what is kept */
const walk = 1_000

/** What responders said, kept until its end and renewed before (RFC 6960, RFC 5019). */
export class Responses {
  readonly #source: ResponsesSource
  readonly #entries = new Map<string, Entry>()
  readonly #stopping = new AbortController()
  readonly #waiting: (() => void)[] = []
  #running = 0
  #nextWalk = 0

  constructor(source: ResponsesSource) {
    this.#source = source
  }

  /** What is known at this moment. */
  response(question: OcspQuestion): { answer: OcspStatus | undefined; failure: SourceFailure | undefined } {
    const entry = this.#entries.get(keyOf(question))
    if (entry === undefined) return nothing
    entry.asked = true
    const { answer, failure } = entry
    return { answer, failure }
  }

  /** The response itself while it holds, for handing on; undefined: there is none. */
  octets(question: OcspQuestion): Buffer | undefined {
    const entry = this.#entries.get(keyOf(question))
    if (entry?.answer === undefined || entry.answer.until <= this.#source.clock.now()) return undefined
    entry.asked = true
    return entry.octets
  }

  /** Asks the responder, once for however many want to know. Never throws: how it went is what `response` says afterwards. */
  want(question: OcspQuestion): Promise<void> {
    const key = keyOf(question)
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = new Entry(question)
      this.#makeRoom()
      this.#entries.set(key, entry)
    }
    return this.#refresh(entry)
  }

  /** Renews what is due and was asked for, and forgets what is over. Never throws. */
  tick(): void {
    const now = this.#source.clock.now()
    if (now < this.#nextWalk) return
    this.#nextWalk = now + walk
    for (const [key, entry] of this.#entries) {
      const { answer, inFlight, asked, due } = entry
      if (inFlight !== undefined || now < due) continue
      if (asked) {
        entry.asked = false
        void this.#refresh(entry)
      } else if (answer === undefined || answer.until <= now) this.#entries.delete(key)
    }
  }

  stop(): void {
    this.#stopping.abort()
    for (const start of this.#waiting.splice(0)) start()
  }

  #refresh(entry: Entry): Promise<void> {
    entry.inFlight ??= this.#ask(entry).finally(() => {
      entry.inFlight = undefined
    })
    return entry.inFlight
  }

  async #ask(entry: Entry): Promise<void> {
    const { clock, onFetched } = this.#source
    const { url } = entry.question
    if (!(await this.#turn())) {
      entry.failed('too many questions to responders wait already', clock.now())
      return
    }
    try {
      const result = await this.#exchange(entry)
      if (typeof result === 'string') throw new Refused(result)
      onFetched({ source: url, outcome: 'loaded', detail: result.status })
    } catch (error) {
      // A failure is no answer: what is known stays as it is until its own end.
      if (!isCoded(error) && !(error instanceof Refused)) throw error
      entry.failed(error.message, clock.now())
      onFetched({ source: url, outcome: 'failed', detail: error.message })
    } finally {
      this.#running -= 1
      this.#waiting.shift()?.()
    }
  }

  async #exchange(entry: Entry): Promise<OcspStatus | string> {
    const { clock, lists } = this.#source
    const { certificate, issuer, url } = entry.question
    const nonce = this.#source.nonce === 'send' ? randomBytes(32) : undefined
    const { body } = await this.#send(url, encodeOcspRequest(certificate, issuer, nonce), nonce === undefined)
    const at = clock.now()
    const answer = judgeResponse(parseOcspResponse(body), { certificate, issuer, at, nonce, crls: lists.crls })
    if (typeof answer === 'string') return answer
    const before = entry.answer
    // An answer from the past, replayed or from a store that lags behind, takes nothing back.
    if (before !== undefined && answer.thisUpdate < before.thisUpdate) return 'the answer is older than the one before'
    // Who could be let in until now: one that was good, or one that nobody answered about.
    const worse = answer.status !== 'good' && (before?.status === 'good' || entry.failure !== undefined)
    entry.answer = answer
    entry.octets = body
    entry.succeeded(at + jitter(Math.max((answer.until - at) * 0.75, 1_000)))
    if (worse) this.#source.onWorse()
    return answer
  }

  // RFC 5019 section 5: by GET where the request is short, so that caches on the way can answer
  async #send(url: string, request: Buffer, mayGet: boolean): Promise<Fetched> {
    const { fetcher, configured } = this.#source
    const namedBy = configured.includes(url) ? ('configuration' as const) : ('certificate' as const)
    const common = { namedBy, maxBytes: longestResponse, signal: this.#stopping.signal }
    const address = mayGet ? getAddress(url, request) : undefined
    const headers = { accept: 'application/ocsp-response' }
    if (address !== undefined) {
      try {
        return await fetcher.fetch({ ...common, url: address, headers })
      } catch (error) {
        // there are responders that take POST only, and say so in many ways
        if (!isCoded(error, 'ERR_FETCH_FAILED') || !/the answer was 4\d\d/.test(error.message)) throw error
      }
    }
    return fetcher.fetch({
      ...common,
      url,
      body: request,
      headers: { ...headers, 'content-type': 'application/ocsp-request' },
    })
  }

  /** false: too many wait already */
  async #turn(): Promise<boolean> {
    if (this.#running >= mostAtOnce) {
      if (this.#waiting.length >= mostWaiting) return false
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    this.#running += 1
    return true
  }

  #makeRoom(): void {
    if (this.#entries.size < this.#source.capacity) return
    // the oldest that nobody waits for
    for (const [key, { inFlight }] of this.#entries) {
      if (inFlight !== undefined) continue
      this.#entries.delete(key)
      return
    }
  }
}

/** The answer came, and is not accepted. */
class Refused extends Error {}

const nothing = { answer: undefined, failure: undefined }

function keyOf({ certificate, issuer, url }: OcspQuestion): string {
  return `${certificate.thumbprint} ${issuer.thumbprint} ${url}`
}
