import { createPublicKey, type KeyObject } from 'node:crypto'
import { CodedError } from '../errors.ts'
import type { KeyStore } from '../pki/keystore/keystore.ts'
import type { Certificate } from '../pki/x509/certificate.ts'
import { sameName } from '../pki/x509/name.ts'
import { isSignedBy } from './keytool/chain.ts'

/**
 * The chain for a key, leaf first: the certificate of that key, then its issuers as far as the given certificates and the trusted ones of
 * the store reach.
 */
export function completeChain(
  key: KeyObject | Uint8Array | undefined,
  given: readonly Certificate[],
  store: KeyStore,
): Certificate[] {
  const spki = key === undefined || key instanceof Uint8Array ? key : publicOctets(key)
  const leaf = given.find(certificate => spki === undefined || certificate.spki.equals(spki))
  if (leaf === undefined) {
    throw new CodedError('ERR_KEYSTORE_KEY_MISMATCH', 'none of the certificates belongs to this private key', {
      remedy: 'Give the certificate that was issued for this key.',
    })
  }
  const trusted = store.entries.flatMap(entry => (entry.kind === 'trusted-certificate' ? [entry.certificate] : []))
  const others = [...given, ...trusted]
  const chain = [leaf]
  for (let last = leaf; !sameName(last.subject, last.issuer); ) {
    const issuer = others.find(each => !chain.includes(each) && isSignedBy(last, each))
    if (issuer === undefined) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}

function publicOctets(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' })
}
