const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/

/** RFC 1034 section 3.5 with the underscores that are in use: labels, no empty one, so no dot at either end. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && text.split('.').every(part => label.test(part))
}

const dotAtom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

/** RFC 2821 Mailbox without quoting: a quoted local part can hold an `@`, and nobody has one. */
export function parseMailbox(text: string): { local: string; host: string } | undefined {
  const at = text.indexOf('@')
  const local = text.slice(0, Math.max(at, 0))
  const host = text.slice(at + 1)
  return dotAtom.test(local) && isHostName(host) ? { local, host } : undefined
}

const authority = /^[a-z][a-z0-9+.-]*:\/\/(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?([A-Za-z0-9._-]+)(?::[0-9]*)?(?:[/?#]|$)/i

/** The host of a URI, in lower case, when it has one and that is a name: no address, and an address is whatever ends in a number. */
export function hostOfUri(text: string): string | undefined {
  const host = authority.exec(text)?.[1]?.toLowerCase()
  return host === undefined || !isHostName(host) || /(^|\.)[0-9]+$/.test(host) ? undefined : host
}
