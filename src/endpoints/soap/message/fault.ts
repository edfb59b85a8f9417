import { problem as problemNamespace, soap11, soap12 } from '../namespaces.ts'
import { escapeXml } from '../xml/write.ts'

/** The numbers are those of WSO2's products: authentication failure, authentication fault, authorization fault. */
export type FaultCode = 'client' | 'server' | 'must-understand' | 'version-mismatch' | 50976 | 50977 | 50978

/** Why a call was not answered. Those who wrote clients for WSO2's products know it by `code` and `text`. */
export interface Fault {
  readonly ok: false
  readonly code: FaultCode
  readonly text: string
  /** the same in our words: a code of our lists, and what to do about it */
  readonly told?: Told | undefined
  /** the exception that the service declares in its WSDL, as XML */
  readonly declared?: string | undefined
  /** header blocks that must be understood, and are not */
  readonly notUnderstood?: readonly { readonly namespace: string; readonly name: string }[]
}

export interface Told {
  readonly code: string
  readonly detail: string
  readonly remedy: string
  readonly requestId?: string | undefined
}

/** How an answer is wrapped: in an envelope of one of the versions, or not at all. */
export type Wrapping = 'soap11' | 'soap12' | 'bare'

export interface RenderedMessage {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

export function fault(code: FaultCode, text: string, more: Omit<Fault, 'ok' | 'code' | 'text'> = {}): Fault {
  return { ok: false, code, text, ...more }
}

export const contentTypes: Readonly<Record<Wrapping, string>> = {
  soap11: 'text/xml; charset=utf-8',
  soap12: 'application/soap+xml; charset=utf-8',
  bare: 'application/xml; charset=utf-8',
}

/** The fault as a message (SOAP 1.1 section 4.4, SOAP 1.2 part 1 section 5.4), with the status that goes with it. */
export function renderFault(raised: Fault, wrapping: Wrapping): RenderedMessage {
  const body = wrapping === 'soap12' ? envelope12(raised) : envelope11(raised, wrapping)
  return { status: statusOf(raised, wrapping), contentType: contentTypes[wrapping], body }
}

/** SOAP 1.1 section 6.2 knows 500 alone, SOAP 1.2 part 2 section 7.5.2.2 has 400 for what the sender did wrong. */
function statusOf({ code }: Fault, wrapping: Wrapping): number {
  if (wrapping === 'soap11' || code === 'server' || code === 'must-understand' || code === 'version-mismatch')
    return 500
  if (wrapping === 'bare' && typeof code === 'number') return code === 50976 ? 500 : 403
  return 400
}

function envelope11({ code, text, declared, told }: Fault, wrapping: Wrapping): string {
  const about = detailOf(declared, told)
  const header = headerOf(code)
  const written =
    `<faultcode${typeof code === 'number' ? numbered : ''}>${code11(code)}</faultcode>` +
    `<faultstring>${escapeXml(text)}</faultstring>${about && `<detail>${about}</detail>`}`
  if (wrapping === 'bare') return `<soapenv:Fault xmlns:soapenv="${soap11}">${written}</soapenv:Fault>`
  return `<soapenv:Envelope xmlns:soapenv="${soap11}">${header}<soapenv:Body><soapenv:Fault>${written}</soapenv:Fault></soapenv:Body></soapenv:Envelope>`
}

function envelope12({ code, text, declared, told, notUnderstood = [] }: Fault): string {
  const about = detailOf(declared, told)
  const subcode =
    typeof code === 'number'
      ? `<soapenv:Subcode><soapenv:Value${numbered}>${code11(code)}</soapenv:Value></soapenv:Subcode>`
      : ''
  return (
    `<soapenv:Envelope xmlns:soapenv="${soap12}">` +
    headerOf(code, notUnderstood) +
    `<soapenv:Body><soapenv:Fault><soapenv:Code><soapenv:Value>${code12(code)}</soapenv:Value>${subcode}</soapenv:Code>` +
    `<soapenv:Reason><soapenv:Text xml:lang="en">${escapeXml(text)}</soapenv:Text></soapenv:Reason>` +
    (about && `<soapenv:Detail>${about}</soapenv:Detail>`) +
    '</soapenv:Fault></soapenv:Body></soapenv:Envelope>'
  )
}

/** What was not understood (SOAP 1.2 part 1 section 5.4.8), and the versions that would have been (section 5.4.7 and appendix A). */
function headerOf(code: FaultCode, notUnderstood: NonNullable<Fault['notUnderstood']> = []): string {
  const blocks = notUnderstood.map(
    ({ namespace, name }) => `<soapenv:NotUnderstood xmlns:h="${escapeXml(namespace)}" qname="h:${escapeXml(name)}"/>`,
  )
  if (code === 'version-mismatch') blocks.push(upgrade)
  return blocks.length === 0 ? '' : `<soapenv:Header>${blocks.join('')}</soapenv:Header>`
}

const upgrade = `<up:Upgrade xmlns:up="${soap12}">${[soap12, soap11].map(version => `<up:SupportedEnvelope xmlns:v="${version}" qname="v:Envelope"/>`).join('')}</up:Upgrade>`

// Bound to the envelope's own namespace, as WSO2's products have it; whoever reads them goes by the number.
const numbered = ` xmlns:axis2ns1="${soap11}"`

function code11(code: FaultCode): string {
  switch (code) {
    case 'client':
      return 'soapenv:Client'
    case 'server':
      return 'soapenv:Server'
    case 'must-understand':
      return 'soapenv:MustUnderstand'
    case 'version-mismatch':
      return 'soapenv:VersionMismatch'
    default:
      return `axis2ns1:${code}`
  }
}

function code12(code: FaultCode): string {
  switch (code) {
    case 'server':
      return 'soapenv:Receiver'
    case 'must-understand':
      return 'soapenv:MustUnderstand'
    case 'version-mismatch':
      return 'soapenv:VersionMismatch'
    default:
      return 'soapenv:Sender'
  }
}

// Stubs look at the first element alone: that is the declared one, where there is one.
function detailOf(declared: string | undefined, told: Told | undefined): string {
  return `${declared ?? ''}${told === undefined ? '' : renderTold(told)}`
}

function renderTold({ code, detail, remedy, requestId }: Told): string {
  const id = requestId === undefined ? '' : `<requestId>${escapeXml(requestId)}</requestId>`
  return `<problem xmlns="${problemNamespace}"><code>${escapeXml(code)}</code><detail>${escapeXml(detail)}</detail><remedy>${escapeXml(remedy)}</remedy>${id}</problem>`
}
