import type { Clock } from '../../clock.ts'
import type { RevocationCheck } from '../../pki/path/validate.ts'
import { RevocationLook } from '../../pki/revocation/check-path.ts'
import type { Need } from '../../pki/revocation/sources.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { Epoch } from '../trust/epoch.ts'
import type { Inquiry, Revocation } from '../trust/revocation.ts'
import { createFetcher, type Fetcher } from './fetch.ts'
import { keptCopies } from './kept-copies.ts'
import type { ListFile } from './list-files.ts'
import { Lists } from './lists.ts'
import type { Locks } from './locks.ts'
import type { RevocationOptions } from './options.ts'
import { compilePolicies, isOn } from './policies.ts'
import { Responses } from './responses.ts'

/** What a configuration says of revocation, with its files read. */
export interface RevocationMaterial {
  readonly options: RevocationOptions
  /** absolute */
  readonly folder: string
  readonly places: { readonly files: readonly string[]; readonly folders: readonly string[] }
  readonly files: readonly ListFile[]
  /** certificates that may have signed lists */
  readonly issuers: readonly Certificate[]
}

export interface RevocationSource {
  readonly epoch: Epoch
  readonly locks: Locks
  readonly clock: Clock
  readonly events: RevocationEvents
}

/** What is told; a part of the catalogue. */
export interface RevocationEvents {
  /** a list or an answer was fetched or loaded, or could not be */
  revocationFetched(event: {
    kind: 'crl' | 'ocsp'
    source: string
    outcome: 'loaded' | 'unchanged' | 'failed'
    detail: string
  }): void
  /** nobody could say whether a certificate was revoked */
  revocationUnknown(event: {
    outcome: 'allow' | 'refuse'
    failures: readonly string[]
    certificate: { thumbprint: string; subject: string; issuer: string; serialNumber: string }
  }): void
}

export interface ReplaceableRevocation extends Revocation, AsyncDisposable {
  /** Fetches what the configuration names; done when every source has answered or failed. Never throws. */
  begin(): Promise<void>
  /** What is wrong with the files of revocation lists, of which the last good state is in force. */
  readonly brokenFiles: readonly string[]
  /** Goes on with another configuration. */
  replace(material: RevocationMaterial): Promise<void>
}

const tickMs = 250

/** Revocation at work: tables that are looked up, and what keeps them fresh. */
export function createRevocation(material: RevocationMaterial, source: RevocationSource): ReplaceableRevocation {
  const { epoch, locks, clock, events } = source
  let generation = 1
  let parts = open(material)
  const unsubscribe = locks.onChange(() => change('policy'))
  const timer = setInterval(() => {
    void parts.lists?.tick()
    parts.responses?.tick()
  }, tickMs).unref()

  function change(cause: 'revocation' | 'policy'): void {
    generation += 1
    epoch.raise(cause)
  }

  function open({ options, folder, places, files, issuers }: RevocationMaterial) {
    if (!isOn(options))
      return { policyOf: undefined, lists: undefined, responses: undefined, fetcher: undefined, wait: 0 }
    const { crl, ocsp, fetch, waitSeconds } = options
    const fetcher: Fetcher = createFetcher({
      timeout: fetch.timeoutSeconds * 1000,
      allowedHosts: fetch.allowedHosts,
      privateAddresses: fetch.insecureAllowPrivateAddresses ? 'allow' : 'refuse',
    })
    const lists = new Lists({
      places,
      files,
      issuers,
      fetcher,
      clock,
      urls: crl.urls,
      copies: keptCopies(folder),
      maxBytes: fetch.maxListBytes,
      maxRemembered: fetch.maxRemembered,
      refresh: crl.refreshSeconds * 1000,
      onChange: () => change('revocation'),
      onFetched: event => events.revocationFetched({ kind: 'crl', ...event }),
    })
    const responses = new Responses({
      fetcher,
      clock,
      capacity: ocsp.cacheSize,
      nonce: ocsp.nonce,
      lists,
      configured: [ocsp.url, ...Object.values(options.anchors).map(own => own.ocsp?.url)].filter(
        url => url !== undefined,
      ),
      onWorse: () => change('revocation'),
      onFetched: event => events.revocationFetched({ kind: 'ocsp', ...event }),
    })
    return { policyOf: compilePolicies(options), lists, responses, fetcher, wait: waitSeconds * 1000 }
  }

  async function close({ lists, responses, fetcher }: typeof parts): Promise<void> {
    lists?.stop()
    responses?.stop()
    await fetcher?.[Symbol.asyncDispose]()
  }

  function inquire(): Inquiry {
    const { policyOf, lists, responses, wait } = parts
    if (policyOf === undefined) return nothingToAsk
    const sources = {
      get crls() {
        return lists.crls
      },
      list: (url: string) => lists.list(url),
      response: responses.response.bind(responses),
    }
    const look = new RevocationLook(policyOf, sources, ({ certificate, failures, outcome }) => {
      const { thumbprint, subject, issuer, serialNumber } = certificate
      const facts = { thumbprint, subject: subject.toString(), issuer: issuer.toString(), serialNumber }
      events.revocationUnknown({ outcome, failures, certificate: facts })
    })
    const meet = (need: Need): Promise<void> => {
      if (need.kind === 'list') return lists.want(need.url, need.issuers)
      if (need.kind === 'signature') return lists.verify(need.crl)
      return responses.want(need)
    }
    return {
      idle: false,
      check: look.check,
      learn: () => (look.needs.length === 0 ? undefined : atMost(wait, Promise.all(look.needs.map(meet)))),
      get retryAt() {
        return look.retryAt
      },
    }
  }

  return {
    get generation() {
      return generation
    },
    inquire,
    locked: certificates => locks.holds(certificates),
    begin: async () => parts.lists?.fetchConfigured(),
    get brokenFiles() {
      return parts.lists?.brokenFiles ?? []
    },
    async replace(next) {
      const before = parts
      if (before.lists === undefined && !isOn(next.options)) return
      const after = open(next)
      await after.lists?.fetchConfigured()
      parts = after
      change('revocation')
      await close(before)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      unsubscribe()
      await close(parts)
    },
  }
}

const unasked: RevocationCheck = () => ({ ok: true, validUntil: Number.POSITIVE_INFINITY })
const nothingToAsk: Inquiry = { idle: true, check: unasked, learn: () => undefined, retryAt: Number.POSITIVE_INFINITY }

/** Fulfilled with `work`, or when the time is over; the work goes on then. */
function atMost(milliseconds: number, work: Promise<unknown>): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds)
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    work.then(done, done)
  })
}
