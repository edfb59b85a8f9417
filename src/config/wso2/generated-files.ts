import type { Place } from './finding.ts'
import { javaBoolean } from './java-boolean.ts'
import { child, descend, elementsNamed, type XmlElement, type XmlValue } from './xml.ts'

/** The files that a deployment.toml writes anew at each start of the product. */
export interface GeneratedFiles {
  readonly catalina: XmlElement | undefined
  readonly carbon: XmlElement | undefined
  readonly authenticators: XmlElement | undefined
  /** empty where there is no such file */
  readonly identity: XmlElement
  readonly validation: XmlElement
}

export function newElement(name: string, { file, line }: Place): XmlElement {
  return { name, file, line, attributes: new Map(), children: [], text: '' }
}

export function addElement(parent: XmlElement, name: string, place: Place): XmlElement {
  const element = newElement(name, place)
  parent.children.push(element)
  return element
}

/** The text of a child, which is made where there is none; it then stands where the value does. */
export function setText(parent: XmlElement, name: string, value: XmlValue): void {
  const old = child(parent, name)
  if (old !== undefined) parent.children.splice(parent.children.indexOf(old), 1)
  addElement(parent, name, value).text = value.value
}

export function httpsConnector({ catalina }: GeneratedFiles): XmlElement | undefined {
  return [...elementsNamed(catalina, 'Connector')].find(({ attributes }) =>
    javaBoolean(attributes.get('SSLEnabled')?.value),
  )
}

export function securityStore({ carbon }: GeneratedFiles, name: string): XmlElement | undefined {
  return descend(carbon, 'Security', name)
}
