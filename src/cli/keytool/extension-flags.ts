import {
  basicConstraints,
  type ExtendedKeyUsage,
  extKeyUsage,
  keyUsage,
  rawExtension,
  subjectAltName,
} from '../../pki/x509/build-extensions.ts'
import type { GeneralNameSource } from '../../pki/x509/build-general-name.ts'
import type { Extension } from '../../pki/x509/certificate.ts'
import { type KeyUsage, keyUsages } from '../../pki/x509/extensions.ts'
import { KeytoolError } from './keytool-error.ts'

/** The extensions that `-ext` flags ask for: `san=dns:a.example,ip:127.0.0.1`, `bc:critical=ca:true`, `1.2.3=0500`. */
export function extensionsOf(flags: readonly string[]): Extension[] {
  const found = new Map<string, Extension>()
  for (const flag of flags) {
    const [, name = '', critical, value] = /^([^:=]+)(:critical|:c)?(?:=(.*))?$/isu.exec(flag) ?? []
    const extension = build(flag, name.toLowerCase(), value ?? '', critical !== undefined)
    found.set(extension.oid, extension)
  }
  return [...found.values()]
}

function build(flag: string, name: string, value: string, critical: boolean): Extension {
  const words = value.split(',').map(word => word.trim())
  switch (name) {
    case 'bc':
    case 'basicconstraints':
      return basicConstraints(constraints(flag, words), critical)
    case 'ku':
    case 'keyusage':
      return keyUsage(
        words.map(word => usage(flag, word)),
        critical,
      )
    case 'eku':
    case 'extendedkeyusage':
      return extKeyUsage(
        words.map(word => purpose(flag, word)),
        critical,
      )
    case 'san':
    case 'subjectalternativename':
      return subjectAltName(
        words.map(word => alternativeName(flag, word)),
        critical,
      )
    default:
      if (!/^\d+(\.\d+)+$/u.test(name)) throw illegal(flag)
      return rawExtension(name, octets(flag, value), critical)
  }
}

/** `ca:true,pathlen:0`, `ca:false`, or only a number: an authority with that path length. */
function constraints(flag: string, words: readonly string[]): { ca: boolean; pathLength?: number } {
  let ca = true
  let pathLength: number | undefined
  for (const word of words.filter(each => each !== '')) {
    const [key = '', text = ''] = word.toLowerCase().split(':')
    if (/^\d+$/u.test(key) && text === '') pathLength = Number(key)
    else if (key === 'ca' && ['true', 'false'].includes(text)) ca = text === 'true'
    else if (key === 'pathlen' && /^\d+$/u.test(text)) pathLength = Number(text)
    else throw illegal(flag)
  }
  return pathLength === undefined ? { ca } : { ca, pathLength }
}

/** A name, its beginning or its initials: digitalSignature, dig, dS. */
function usage(flag: string, word: string): KeyUsage {
  const short = word.toLowerCase()
  if (short === 'contentcommitment') return 'nonRepudiation'
  const initials = (name: string) => (name[0] + name.slice(1).replace(/[^A-Z]/gu, '')).toLowerCase()
  const found = keyUsages.filter(name => name.toLowerCase().startsWith(short) || initials(name) === short)
  const only = found.find(name => name.toLowerCase() === short) ?? (found.length === 1 ? found[0] : undefined)
  if (only === undefined) throw illegal(flag)
  return only
}

const purposes: Readonly<Record<string, ExtendedKeyUsage>> = {
  serverauth: 'serverAuth',
  clientauth: 'clientAuth',
  codesigning: 'codeSigning',
  emailprotection: 'emailProtection',
  timestamping: '1.3.6.1.5.5.7.3.8',
  ocspsigning: '1.3.6.1.5.5.7.3.9',
  anyextendedkeyusage: 'anyExtendedKeyUsage',
  any: 'anyExtendedKeyUsage',
}

function purpose(flag: string, word: string): ExtendedKeyUsage {
  if (/^\d+(\.\d+)+$/u.test(word)) return word as ExtendedKeyUsage
  const found = purposes[word.toLowerCase()]
  if (found === undefined) throw illegal(flag)
  return found
}

function alternativeName(flag: string, word: string): GeneralNameSource {
  const [, type = '', value = ''] = /^([a-z]+):(.+)$/isu.exec(word) ?? []
  switch (type.toLowerCase()) {
    case 'dns':
      return { dns: value }
    case 'ip':
      return { ip: value }
    case 'email':
      return { email: value }
    case 'uri':
      return { uri: value }
    case 'oid':
      return { registeredId: value }
    default:
      throw illegal(flag)
  }
}

function octets(flag: string, value: string): Buffer {
  const hex = value.replace(/[:\s]/gu, '')
  if (hex.length % 2 !== 0 || /[^0-9a-f]/iu.test(hex)) throw illegal(flag)
  return Buffer.from(hex, 'hex')
}

function illegal(flag: string): KeytoolError {
  return new KeytoolError(`Illegal value: ${flag}`, {
    remedy:
      'Understood: san=dns:NAME,ip:ADDRESS,email:…,uri:…  eku=serverAuth,clientAuth  ku=digitalSignature,…  bc=ca:true,pathlen:N  OID=hex.',
  })
}
