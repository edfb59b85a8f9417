import { type XmlElement as FileElement, parseXml as parseFile } from '../../src/config/wso2/xml.ts'
import { type Fault, fault, renderFault, type Wrapping } from '../../src/endpoints/soap/message/fault.ts'
import { readMediaType } from '../../src/endpoints/soap/message/media-type.ts'
import { type ReadCall, readCall } from '../../src/endpoints/soap/message/read-call.ts'
import { mutualSsl, soap11, soap12 } from '../../src/endpoints/soap/namespaces.ts'
import { readFields } from '../../src/endpoints/soap/schema/read.ts'
import { soapServices } from '../../src/endpoints/soap/services/all.ts'
import { type Decoded, decodeXml } from '../../src/endpoints/soap/xml/decode.ts'
import type { XmlElement } from '../../src/endpoints/soap/xml/element.ts'
import { parseXml } from '../../src/endpoints/soap/xml/parse.ts'
import { escapeXml } from '../../src/endpoints/soap/xml/write.ts'
import { mutateText } from '../mutate-text.ts'
import { magnitude, outcome } from '../outcome.ts'
import type { Target } from '../target.ts'

const service = soapServices.RemoteUserStoreManagerService
const limits = { maxDepth: 12, maxElements: 60, maxAttributes: 8 }
const generous = { maxDepth: 20, maxElements: 200, maxAttributes: 20 }

const call = (children: string) => `<w:addUser xmlns:w="${service.namespace}">${children}</w:addUser>`
const whole = call(
  '<w:userName>zoë &amp; co</w:userName>\n<w:credential><![CDATA[<secret>]]></w:credential>\n<w:roleList>a</w:roleList>\n<w:roleList>b</w:roleList>\n<w:claims><w:claimURI>urn:c</w:claimURI><w:value>v</w:value></w:claims>\n<w:requirePasswordChange>false</w:requirePasswordChange>',
)
const block = `<m:UserName xmlns:m="${mutualSsl}" s:mustUnderstand="1">alice</m:UserName>`
const envelope = (version: string, body: string, header = '') =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="${version}">\n<s:Header>${header}</s:Header>\n<s:Body>${body}</s:Body>\n</s:Envelope>`

/** The Content-Type, SOAPAction and operation of the path, a line each, and the body. */
const request = (type: string, body: string | Buffer, action = '', path = '') =>
  Buffer.concat([Buffer.from(`${type}\n${action}\n${path}\n`), Buffer.from(body)])

const words = [
  '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
  '<!ENTITY a "b">',
  '&x;',
  '&#x0;',
  '&#xD;',
  '&amp;',
  ']]>',
  '<![CDATA[',
  '<!--',
  '-->',
  '<?pi x?>',
  '<a>',
  '</a>',
  '<a/>',
  ' xmlns=""',
  ' xmlns:s="urn:x"',
  ' xmlns:xml="urn:x"',
  ' a="1"',
  ' xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
  ' s:mustUnderstand="1"',
  ' encoding="UTF-16"',
  block,
  '<w:userName>x</w:userName>',
  soap11,
  soap12,
  'urn:addUser',
  '__proto__',
  '\ufeff',
  '\ud83d\ude00',
  '\0',
]

export const soapTargets: readonly Target[] = [
  {
    name: 'soap-message',
    seeds: [
      request('text/xml', envelope(soap11, whole, block), '"urn:addUser"'),
      request('application/soap+xml; action="urn:addUser"', envelope(soap12, whole, block)),
      request(
        'text/xml; charset=utf-16',
        Buffer.from(`\ufeff${envelope(soap11, whole).replace('UTF-8', 'UTF-16')}`, 'utf16le'),
      ),
      request('text/xml', envelope('urn:other', whole)),
      request('application/xml', whole, '', 'addUser'),
      request('application/x-www-form-urlencoded', 'userName=a&roleList=b&roleList=c%20d', '', 'addUser'),
    ],
    limitMs: 3_000,
    weight: 60,
    mutate: (input, random, others) => mutateText(input, random, others, words),
    run(input) {
      const [type = '', action = '', path = ''] = input.toString('latin1').split('\n', 3)
      const body = input.subarray(Math.min(input.length, type.length + action.length + path.length + 3))
      const media = readMediaType(type)
      if (!media.ok) return `not taken ${media.detail.startsWith('The type')}`
      const address = {
        tenant: 'default',
        addressed: 'any',
        base: '/services',
        service: service.name,
        operation: path || undefined,
      } as const
      const read = readCall(body, media, { service, address, soapAction: action, limits, usernameHeader: 'UserName' })
      if (!read.ok) return refused(read)
      if (media.format !== 'form') checkXml(read, decodeXml(body, media.charset))
      return answered(read)
    },
  },
  {
    name: 'carbon-xml',
    seeds: [
      '<?xml version="1.0"?>\n<Server xmlns="urn:s" xmlns:svns="urn:v">\n<Security><Password svns:secretAlias="a">${x}</Password></Security>\n</Server>',
      '<Authenticators>\n<Authenticator name="A" disabled="true"><Config><Parameter name="P">v</Parameter></Config></Authenticator>\n</Authenticators>',
    ].map(text => Buffer.from(text)),
    limitMs: 3_000,
    weight: 60,
    mutate: (input, random, others) => mutateText(input, random, others, words),
    run(input) {
      const text = input.toString('utf8')
      return outcome(/^ERR_CARBON_XML$/, () => {
        const root = parseFile(text, 'fuzz.xml')
        check(!hasDoctype(text), 'a document type declaration was read over')
        return `read ${magnitude(measure(root).elements)} ${measure(root).depth}`
      })
    },
  },
]

/** What was read is within bounds, and would be written as it was read. */
function checkXml({ element }: ReadCall, decoded: Decoded): void {
  check(decoded.ok && !hasDoctype(decoded.text), 'a document type declaration was read over')
  if (element === undefined) return
  const { elements, depth } = measure(element)
  check(elements <= limits.maxElements && depth <= limits.maxDepth, `${elements} elements, ${depth} deep`)
  for (const text of textsOf(element)) {
    const again = parseXml(Buffer.from(`<a>${escapeXml(text)}</a>`), generous)
    check(again.ok && again.root.text === text, 'a text that comes out of XML otherwise than it went in')
  }
}

function answered({ operation, element, assertedUser }: ReadCall): string {
  if (element === undefined) return `${operation.name} without anything`
  const read = readFields(element, operation.request, service.namespace)
  if (!read.ok) return `${operation.name} ${refused(fault('client', read.detail))}`
  const given = Object.values(read.values).filter(value => value !== undefined)
  return `${operation.name} ${given.length} ${magnitude(assertedUser?.length ?? 0)}`
}

/** Whatever is wrong with a request, what is said about it is a message. */
function refused(raised: Fault): string {
  for (const wrapping of ['soap11', 'soap12', 'bare'] satisfies Wrapping[]) {
    const { status, body } = renderFault(
      { ...raised, told: { code: 'bad_request', detail: raised.text, remedy: raised.text } },
      wrapping,
    )
    check([400, 403, 500].includes(status), `status ${status}`)
    const parsed = parseXml(Buffer.from(body), generous)
    check(parsed.ok, parsed.ok ? '' : `a fault that is no XML: ${parsed.detail}`)
  }
  return `${raised.code} ${raised.text
    .split(/ but |[:{"]/)[0]!
    .replace(/\d+/g, '0')
    .slice(0, 60)}`
}

function measure(element: XmlElement | FileElement): { elements: number; depth: number } {
  const below = element.children.map(measure)
  return {
    elements: below.reduce((sum, each) => sum + each.elements, 1),
    depth: below.reduce((most, each) => Math.max(most, each.depth), 0) + 1,
  }
}

function textsOf(element: XmlElement): string[] {
  return [element.text, ...element.attributes.map(({ value }) => value), ...element.children.flatMap(textsOf)]
}

/** Outside of what may hold any text. */
function hasDoctype(text: string): boolean {
  return /<!DOCTYPE/.test(text) && !/<!--|<!\[CDATA\[/.test(text)
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}
