import { writePem } from '../pki/x509/pem.ts'
import type { Cause } from './causes.ts'
import { type Conversation, converse } from './conversation.ts'
import { findCause } from './find-cause.ts'
import { type ClientCheck, type ClientIdentity, judgeClient } from './judge-client.ts'
import { type ClientTrust, judgeServer, type ServerJudgement } from './judge-server.ts'
import { probeOffers, type Taken } from './probe.ts'
import type { Target } from './target.ts'

export interface DiagnosisInput {
  readonly target: Target
  readonly identity: ClientIdentity | undefined
  readonly trust: ClientTrust
  /** milliseconds since the epoch: when certificates have to be valid */
  readonly at: number
  /** milliseconds for each step */
  readonly timeoutMs: number
}

export interface Diagnosis {
  readonly target: Target
  readonly identity: ClientIdentity | undefined
  /** undefined: healthy */
  readonly cause: Cause | undefined
  readonly conversation: Conversation
  /** undefined when the server sent no certificate */
  readonly server: ServerJudgement | undefined
  /** undefined when there is nothing to judge */
  readonly client: readonly ClientCheck[] | undefined
  readonly taken: readonly Taken[]
}

/** Looks at both sides of a handshake with this server and names one cause. Never throws for what the server does. */
export async function diagnose(input: DiagnosisInput): Promise<Diagnosis> {
  const { target, identity, trust, at, timeoutMs } = input
  // With a key that does not belong to it, TLS cannot even begin to show the certificate.
  const shown = identity && judgeClient(identity, undefined, at)[0]?.fits === true ? shownOf(identity) : undefined
  const conversation = await converse(target, shown, timeoutMs)
  const { failure, foreign, flight } = conversation
  const silent = failure?.stage === 'connect' || foreign !== undefined || failure?.kind === 'timeout'
  const taken = silent && flight.hello === undefined ? [] : await probeOffers(target, Math.min(timeoutMs, probeMs))
  const server = judgeServer(flight.chain, target.name, trust, at)
  const client = identity && judgeClient(identity, flight.request, at)
  const cause = findCause({ target, timeoutMs, taken, conversation, trust, server, identity, client })
  return { target, identity, cause, conversation, server, client, taken }
}

const probeMs = 3_000

function shownOf({ certificate, intermediates, key }: ClientIdentity) {
  const chain = [certificate, ...intermediates].map(({ raw }) => writePem('CERTIFICATE', raw)).join('')
  return { key: key.export({ type: 'pkcs8', format: 'pem' }) as string, chain }
}
