import { mutualSsl, soap11, soap12 } from '../namespaces.ts'
import { attributeOf, describeName, type XmlElement } from '../xml/element.ts'
import { type Fault, fault } from './fault.ts'

/** What a SOAP message says, its header read. */
export interface Message {
  readonly ok: true
  /** undefined: the body is empty, as it is for operations without parameters in some WSDLs */
  readonly body: XmlElement | undefined
  /** whom the header names as the user, as plain text */
  readonly assertedUser: string | undefined
}

export interface EnvelopeRules {
  readonly version: 'soap11' | 'soap12'
  /** local name of the header block that names the user */
  readonly usernameHeader: string
}

/** Reads an envelope: one body with one element in it, and no header block that must be understood and is not. */
export function readEnvelope(root: XmlElement, { version, usernameHeader }: EnvelopeRules): Message | Fault {
  const namespace = namespaces[version]
  if (root.name !== 'Envelope') return fault('client', `The message is no SOAP envelope but ${describeName(root)}.`)
  if (root.namespace !== namespace) {
    return root.namespace === soap11 || root.namespace === soap12
      ? fault('client', 'The Content-Type is that of another version of SOAP than the envelope.')
      : fault('version-mismatch', `The envelope is of no version of SOAP that is known here: ${describeName(root)}.`)
  }
  const [first, ...rest] = root.children
  const header = first !== undefined && isPart(first, namespace, 'Header') ? first : undefined
  const [body, ...others] = header === undefined ? root.children : rest
  if (body === undefined || !isPart(body, namespace, 'Body') || others.length > 0) {
    return fault('client', 'The envelope has to hold a Header, which may be left out, and one Body, and nothing else.')
  }
  if (body.children.length > 1) return fault('client', 'The body has to hold one element: a call of one operation.')
  const blocks = readBlocks(header?.children ?? [], namespace, usernameHeader)
  return blocks.ok ? { ok: true, body: body.children[0], assertedUser: blocks.assertedUser } : blocks
}

const namespaces = { soap11, soap12 } as const

function isPart(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespace === namespace && element.name === name
}

/** Header blocks for others are none of our business; of those for us the user's name is the one that is understood. */
function readBlocks(
  blocks: readonly XmlElement[],
  namespace: string,
  usernameHeader: string,
): { readonly ok: true; readonly assertedUser: string | undefined } | Fault {
  const own = blocks.filter(block => isForUs(block, namespace))
  const named = own.filter(block => block.namespace === mutualSsl && block.name === usernameHeader)
  const strange = own.filter(block => !named.includes(block) && mustBeUnderstood(block, namespace))
  if (strange.length > 0) {
    const names = strange.slice(0, 5).map(describeName).join(', ')
    return fault('must-understand', `A header that must be understood is not: ${names}.`, {
      notUnderstood: strange.slice(0, 5),
    })
  }
  if (named.length > 1) return fault('client', `The header block ${usernameHeader} came more than once.`)
  if (named[0]?.children.length) return fault('client', `The header block ${usernameHeader} holds more than text.`)
  return { ok: true, assertedUser: named[0]?.text }
}

/** SOAP 1.1 section 4.2.2, SOAP 1.2 part 1 section 5.2.2. */
function isForUs(block: XmlElement, namespace: string): boolean {
  const actor = attributeOf(block, namespace, namespace === soap11 ? 'actor' : 'role')
  return actor === undefined || actor === '' || ownRoles.has(actor)
}

const ownRoles = new Set([
  'http://schemas.xmlsoap.org/soap/actor/next',
  `${soap12}/role/next`,
  `${soap12}/role/ultimateReceiver`,
])

/** SOAP 1.1 section 4.2.3, SOAP 1.2 part 1 section 5.2.3; whatever is not said to be no counts as yes. */
function mustBeUnderstood(block: XmlElement, namespace: string): boolean {
  const value = attributeOf(block, namespace, 'mustUnderstand')
  return value !== undefined && value !== '0' && value !== 'false'
}
