import { CodedError } from '../errors.ts'
import { publishedKey } from '../identity/trust/published-keys.ts'
import { findEntry, type KeyStore, type PrivateKeyEntry } from '../pki/keystore/keystore.ts'
import { checkServerIdentity, type ServerIdentity } from '../server/tls/server-identity.ts'
import type { KeyStoreOptions } from './stores.ts'

/** The private keys of a key store, or the one that is named, each fit for a server. Throws CodedError. */
export function readServerIdentities(
  store: KeyStore,
  options: KeyStoreOptions,
  keyPassword: string | undefined,
): [ServerIdentity, ...ServerIdentity[]] {
  const [first, ...rest] = privateKeys(store, options).map(entry =>
    naming(options.file, () => {
      const identity = { alias: entry.alias, key: entry.privateKey(keyPassword), chain: entry.chain }
      checkServerIdentity(identity)
      return identity
    }),
  )
  if (first === undefined) {
    throw new CodedError('ERR_SERVER_KEY_UNUSABLE', `${options.file} holds no private key`, {
      remedy: 'Name the key store that holds the private key of the server, not a trust store.',
    })
  }
  return [first, ...rest]
}

/** Sentences about a certificate that clients will refuse, or whose key is known to everybody. */
export function identityWarnings({ alias, chain: [leaf] }: ServerIdentity, place: string, now: number): string[] {
  if (leaf === undefined) return []
  const where = `${place}: the server certificate "${alias}"`
  const source = publishedKey(leaf)
  return [
    ...(leaf.notAfter < now
      ? [`${where} expired on ${new Date(leaf.notAfter).toISOString()}: clients will refuse it`]
      : []),
    ...(leaf.notBefore > now ? [`${where} is valid only from ${new Date(leaf.notBefore).toISOString()}`] : []),
    ...(source !== undefined
      ? [
          `${place}: the private key of the server certificate "${alias}" is published (${source}): anybody can pass for this server. Make a new one: countersign keystore generate`,
        ]
      : []),
  ]
}

/** What is wrong with an entry is told with the file that it stands in: a listener may have one beside another. */
function naming<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof CodedError) || error.message.includes(file)) throw error
    const remedy = error.remedy === undefined ? {} : { remedy: error.remedy }
    throw new CodedError(error.code as `ERR_${string}`, `${file}: ${error.message}`, { ...remedy, cause: error })
  }
}

function privateKeys(store: KeyStore, { alias, file }: KeyStoreOptions): PrivateKeyEntry[] {
  if (alias === undefined) return store.entries.filter(entry => entry.kind === 'private-key')
  const entry = findEntry(store, alias)
  if (entry?.kind === 'private-key') return [entry]
  const others = store.entries.filter(({ kind }) => kind === 'private-key').map(other => other.alias)
  const known = others.length === 0 ? 'It holds no private key.' : `Its private keys are: ${others.join(', ')}.`
  throw new CodedError('ERR_SERVER_KEY_UNUSABLE', `${file} has no private key called "${alias}"`, { remedy: known })
}
