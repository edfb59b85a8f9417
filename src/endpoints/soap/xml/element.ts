/** An element as a value: names with their namespaces, the text of its own put together. */
export interface XmlElement {
  /** empty: in no namespace */
  readonly namespace: string
  readonly name: string
  /** without the declarations of namespaces */
  readonly attributes: readonly XmlAttribute[]
  readonly children: readonly XmlElement[]
  readonly text: string
}

export interface XmlAttribute {
  readonly namespace: string
  readonly name: string
  readonly value: string
}

export function attributeOf(element: XmlElement, namespace: string, name: string): string | undefined {
  return element.attributes.find(each => each.namespace === namespace && each.name === name)?.value
}

/** `{http://example.org}name`, for messages; cut, since others choose it. */
export function describeName({ namespace, name }: Pick<XmlElement, 'namespace' | 'name'>): string {
  const cut = (text: string) => (text.length > 120 ? `${text.slice(0, 120)}…` : text)
  return namespace === '' ? cut(name) : `{${cut(namespace)}}${cut(name)}`
}
