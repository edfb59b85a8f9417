import type { KeyObject } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { CodedError } from '../../errors.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { subjectAltNames } from '../../pki/x509/extensions.ts'
import { sameKey } from '../../pki/x509/same-key.ts'

/** What the server proves itself with: a private-key entry of its key store, opened. */
export interface ServerIdentity {
  readonly alias: string
  readonly key: KeyObject
  /** leaf first, then the intermediates that clients need */
  readonly chain: readonly Certificate[]
}

/** Throws ERR_SERVER_KEY_UNUSABLE when a server could not go through a handshake with it. */
export function checkServerIdentity({ alias, key, chain }: ServerIdentity): void {
  const [leaf] = chain
  const unusable = (reason: string, cause?: unknown) =>
    new CodedError('ERR_SERVER_KEY_UNUSABLE', `the server key "${alias}" cannot be used: ${reason}`, {
      remedy: 'Name the alias of a private key together with its certificate, in the keyStore of the listener.',
      ...(cause === undefined ? {} : { cause }),
    })
  if (leaf === undefined) throw unusable('it has no certificate')
  if (key.type !== 'private') throw unusable(`it is a ${key.type} key`)
  if (!sameKey(key, leaf.publicKey())) throw unusable('its certificate belongs to another key')
}

/** The DNS names that the certificate is for, as `normalServerName` spells them; `*.example.org` keeps its star. */
export function serverNames({ chain }: ServerIdentity): string[] {
  const names = chain[0] === undefined ? [] : (subjectAltNames(chain[0]) ?? [])
  return names.flatMap(name => (name.type === 'dNSName' ? (normalServerName(name.value) ?? []) : []))
}

/**
 * One spelling for each name: lower case, no trailing dot, A-labels (RFC 6066 section 3 allows only those, but clients err).
 * undefined when it is no name.
 */
export function normalServerName(name: string): string | undefined {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name
  if (bare.length === 0 || bare.length > 253) return undefined
  const star = bare.startsWith('*.') ? '*.' : ''
  const ascii = domainToASCII(bare.slice(star.length))
  return ascii === '' ? undefined : star + ascii.toLowerCase()
}

export function hasKeys(
  identities: readonly ServerIdentity[],
): identities is readonly [ServerIdentity, ...ServerIdentity[]] {
  return identities.length > 0
}
