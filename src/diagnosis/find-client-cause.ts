import type { Certificate } from '../pki/x509/certificate.ts'
import { type Cause, nameCause } from './causes.ts'
import type { Conversation } from './conversation.ts'
import { alerts } from './handshake/numbers.ts'
import type { CheckName, ClientCheck, ClientIdentity } from './judge-client.ts'
import type { ClientTrust, ServerJudgement } from './judge-server.ts'
import { requestText } from './request-text.ts'
import { dayText, subjectText } from './texts.ts'

/** What was seen of both sides. */
export interface Seen {
  readonly conversation: Conversation
  readonly trust: ClientTrust
  readonly server: ServerJudgement | undefined
  readonly identity: ClientIdentity | undefined
  readonly client: readonly ClientCheck[] | undefined
}

/** How the server let it be known that it does not take the client for who it is. */
interface Refused {
  readonly alert?: number | undefined
  /** code of the problem document of a Countersign */
  readonly code?: string | undefined
  /** in words, for when nothing better is known */
  readonly words: string
}

/** Why the server refused the client's certificate, or its absence; undefined when it did not. */
export function findClientCause(seen: Seen): Cause | undefined {
  const refused = refusalIn(seen.conversation)
  if (refused === undefined) return undefined
  const { identity, client = [], conversation } = seen
  const { request, complete } = conversation.flight
  if (request === undefined && complete && asksForMore(refused)) return nameCause('client_certificate_not_asked', {})
  if (identity === undefined) return missingCause(refused, request)
  return saidByServer(refused, seen, identity) ?? foundHere(client) ?? refusedAnyway(refused, identity)
}

function refusalIn({ failure, answer, flight }: Conversation): Refused | undefined {
  const { status, problem, body } = answer ?? {}
  if (problem !== undefined && status === 401) return { code: problem.code, words: problem.detail }
  // nginx lets the handshake pass, and says so in a page (ngx_http_special_response.c)
  if (status === 400 && body !== undefined) {
    if (body.includes('No required SSL certificate was sent')) return { alert: 116, words: 'it requires one' }
    if (body.includes('The SSL certificate error'))
      return { words: 'it answers 400 "The SSL certificate error", and does not say more' }
  }
  if (failure === undefined || failure.stage === 'connect' || flight.request === undefined) return undefined
  if (failure.kind === 'alert') {
    const words = alerts.get(failure.alert!)?.words ?? failure.message
    return { alert: failure.alert, words: `${words} (alert ${failure.alert})` }
  }
  return failure.kind === 'cut' ? { words: `it closed the connection without a word (${failure.message})` } : undefined
}

const forNobodyInParticular = new Set(['certificate_required', 'credentials_required'])

function asksForMore({ code, alert }: Refused): boolean {
  return alert === 116 || (code !== undefined && forNobodyInParticular.has(code))
}

function missingCause({ code }: Refused, request: Conversation['flight']['request']): Cause | undefined {
  // a refusal of something else than the missing certificate is told as it is
  if (code !== undefined && !forNobodyInParticular.has(code)) return undefined
  return nameCause('client_certificate_missing', { wanted: requestText(request) })
}

/** The alerts of TLS and the codes of a Countersign that name the fault themselves. */
const named: Readonly<Record<string | number, CheckName | 'revoked'>> = {
  44: 'revoked',
  45: 'dates',
  48: 'issuer',
  certificate_revoked: 'revoked',
  certificate_expired: 'dates',
  certificate_not_yet_valid: 'dates',
  issuer_unknown: 'issuer',
  purpose_not_allowed: 'purpose',
  key_too_weak: 'strength',
}

function saidByServer({ alert, code, words }: Refused, seen: Seen, identity: ClientIdentity): Cause | undefined {
  const fault = named[code ?? alert ?? '']
  if (fault === undefined) return undefined
  const here = seen.client?.find(({ check }) => check === fault)?.cause
  if (here !== undefined) return here
  const { certificate } = identity
  const subject = subjectText(certificate)
  switch (fault) {
    case 'revoked':
      return nameCause('client_certificate_revoked', { subject, issuer: String(certificate.issuer) })
    case 'issuer':
      return issuerCause(certificate, seen)
    case 'dates':
      return nameCause('client_clock_differs', {
        subject,
        word: code === 'certificate_not_yet_valid' ? 'not valid yet' : 'expired',
        from: dayText(certificate.notBefore),
        until: dayText(certificate.notAfter),
      })
    case 'purpose':
      return nameCause('client_wrong_purpose', { subject, detail: words.replace(/\.$/u, '') })
    default:
      return nameCause('client_key_weak', { subject, detail: words.replace(/\.$/u, '') })
  }
}

function issuerCause(certificate: Certificate, { conversation }: Seen): Cause {
  return nameCause('client_issuer_unknown', {
    subject: subjectText(certificate),
    issuer: String(certificate.issuer),
    wanted: requestText(conversation.flight.request),
  })
}

// in the order in which a server finds them
const order: readonly CheckName[] = ['algorithm', 'dates', 'purpose', 'strength', 'issuer']

function foundHere(client: readonly ClientCheck[]): Cause | undefined {
  return order.map(name => client.find(({ check }) => check === name)?.cause).find(cause => cause !== undefined)
}

function refusedAnyway({ code, words }: Refused, { certificate }: ClientIdentity): Cause | undefined {
  // a Countersign says it better itself
  if (code !== undefined) return undefined
  return nameCause('client_certificate_refused', { subject: subjectText(certificate), words })
}
