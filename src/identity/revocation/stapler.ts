import type { Clock } from '../../clock.ts'
import { indexCrls } from '../../pki/path/crl-set.ts'
import { responderAddresses } from '../../pki/revocation/addresses.ts'
import type { OcspQuestion } from '../../pki/revocation/sources.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { createFetcher } from './fetch.ts'
import { Responses } from './responses.ts'
import type { RevocationEvents } from './revocation.ts'

/** Answers of responders about the server's own certificates, for handing to clients in the handshake (RFC 6066 section 8). */
export interface Stapler extends AsyncDisposable {
  /** Begins to keep answers about these chains, leaf first. Chains that name no responder, or lack their issuer, are left out. */
  watch(chains: readonly (readonly Certificate[])[]): void
  /** Whether there may be an answer about that certificate. */
  covers(leaf: Certificate): boolean
  /** An answer that holds and says "good"; never waits. `leaf` is DER */
  response(leaf: Uint8Array): Buffer | undefined
}

const timeout = 10_000
const tickMs = 1_000

/** The responder is named by our own certificate, which the administrator chose: it may be anywhere. */
export function createStapler({
  clock,
  events,
}: {
  clock: Clock
  events: Pick<RevocationEvents, 'revocationFetched'>
}): Stapler {
  const fetcher = createFetcher({ timeout, allowedHosts: undefined, privateAddresses: 'allow' })
  const responses = new Responses({
    fetcher,
    clock,
    capacity: 1_000,
    nonce: 'omit',
    configured: [],
    lists: { crls: indexCrls([]) },
    onWorse: () => {},
    onFetched: event => events.revocationFetched({ kind: 'ocsp', ...event }),
  })
  let questions = new Map<string, OcspQuestion>()
  const timer = setInterval(() => {
    for (const question of questions.values()) {
      const { answer, failure } = responses.response(question)
      if (answer === undefined && failure === undefined) void responses.want(question)
    }
    responses.tick()
  }, tickMs).unref()

  return {
    watch(chains) {
      questions = new Map(
        chains.flatMap(([certificate, issuer]) => {
          const url = certificate && responderOf(certificate)
          if (certificate === undefined || issuer === undefined || url === undefined) return []
          return [[keyOf(certificate.raw), { certificate, issuer, url }]]
        }),
      )
      for (const question of questions.values()) void responses.want(question)
    },
    covers: leaf => questions.has(keyOf(leaf.raw)),
    response(leaf) {
      const question = questions.get(keyOf(leaf))
      if (question === undefined || responses.response(question).answer?.status !== 'good') return undefined
      return responses.octets(question)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      responses.stop()
      await fetcher[Symbol.asyncDispose]()
    },
  }
}

function responderOf(certificate: Certificate): string | undefined {
  try {
    return responderAddresses(certificate, { grace: 0, responders: 'use', url: undefined })[0]
  } catch {
    // a certificate of ours with a broken extension still serves
    return undefined
  }
}

function keyOf(der: Uint8Array): string {
  return Buffer.from(der.buffer, der.byteOffset, der.length).toString('latin1')
}
