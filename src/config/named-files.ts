import { isAbsolute, resolve } from 'node:path'
import type { LoadedConfiguration } from './load.ts'

/**
 * Every file that a configuration is read from, itself included. Revocation lists are not among them: the room of revocation watches
 * those, and takes each over by itself, since a million entries are not to be read again for a changed route.
 */
export function namedFiles({ file, folder, value, sources = [] }: LoadedConfiguration): string[] {
  const stores = [
    ...value.listeners.flatMap(({ keyStore, trustStore }) => [
      ...(keyStore === undefined ? [] : [keyStore]),
      ...trustStore,
    ]),
    ...value.routes.flatMap(({ trustStore }) => trustStore),
  ]
  const secrets = [
    ...stores.flatMap(store => [store.password, 'keyPassword' in store ? store.keyPassword : undefined]),
    ...value.proxies.map(({ proof }) => proof.secret),
  ]
  const { allowList } = value.authenticators['mutual-tls']
  const named = [
    ...stores.map(store => store.file),
    ...(allowList.enabled && allowList.file !== undefined ? [allowList.file] : []),
    ...secrets.flatMap(secret => (secret?.startsWith('file:') ? [secret.slice('file:'.length)] : [])),
  ]
  // Options that a program gave are in no file.
  const own = isAbsolute(file) ? [file] : []
  return [...new Set([...own, ...sources, ...named.map(each => resolve(folder, each))])]
}
