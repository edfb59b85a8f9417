import { BlockList, isIP } from 'node:net'
import type { Certificate } from '../pki/x509/certificate.ts'
import { subjectAltNames } from '../pki/x509/extensions.ts'
import { ipText } from '../pki/x509/general-name.ts'

/** The names and addresses that a server certificate is for (RFC 9525 section 6: alternative names, never the common name). */
export function certifiedNames(certificate: Certificate): string[] {
  return (subjectAltNames(certificate) ?? []).flatMap(name => {
    if (name.type === 'dNSName') return [name.value.toLowerCase()]
    return name.type === 'iPAddress' ? [ipText(name.octets)] : []
  })
}

/** Whether one of the names is the one that was asked for. A wildcard stands for exactly one label, the leftmost. */
export function isCertifiedFor(names: readonly string[], asked: string): boolean {
  if (isIP(asked) !== 0) return names.some(name => isIP(name) !== 0 && sameAddress(name, asked))
  const wanted = asked.toLowerCase().replace(/\.$/u, '')
  const parent = wanted.indexOf('.')
  return names.some(
    name => name === wanted || (name.startsWith('*.') && parent > 0 && name.slice(1) === wanted.slice(parent)),
  )
}

// The same IPv6 address may be written in many ways.
function sameAddress(one: string, other: string): boolean {
  const family = isIP(one) === 4 ? 'ipv4' : 'ipv6'
  if (isIP(one) !== isIP(other)) return false
  const list = new BlockList()
  list.addAddress(one, family)
  return list.check(other, family)
}
