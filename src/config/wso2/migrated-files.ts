import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { UnreadConfiguration } from '../schema.ts'
import { revocationFolder, stateOptions } from './carbon-state.ts'

export type StoreInput = {
  readonly file: string
  readonly password?: string | undefined
  readonly keyPassword?: string | undefined
}

/** How what the home names is found from the new folder. */
export interface Places {
  readonly home: string
  secret(option: string): string
}

/**
 * The configuration without its listeners, with every file and secret as it is found from the new folder. Users and bindings that were made
 * while the home was served stay where they are; so does what the home's own settings name.
 */
export function withMigratedFiles(configuration: UnreadConfiguration, places: Places): UnreadConfiguration {
  const { audit, revocation, assertion, routes, proxies, ...rest } = configuration
  const absolute = (file: string) => resolve(places.home, file)
  const chosen = (file: string | undefined, usual: string, ours: string) =>
    file === undefined || file === usual ? ours : absolute(file)
  return {
    ...rest,
    users: migratedUsers(configuration, places),
    audit: { ...audit, file: chosen(audit?.file, stateOptions.audit.file, 'data/audit.jsonl') },
    tickets: {
      ...rest.tickets,
      ...secretsOf(rest.tickets, ['sharedKey'], places),
      secretFile: chosen(rest.tickets?.secretFile, stateOptions.tickets.secretFile, 'data/ticket-secret.json'),
    },
    ...(revocation && {
      revocation: {
        ...revocation,
        folder: chosen(revocation.folder, revocationFolder, 'data/revocation'),
        ...(revocation.crl && {
          crl: {
            ...revocation.crl,
            ...(revocation.crl.files && { files: revocation.crl.files.map(absolute) }),
            ...(revocation.crl.folders && { folders: revocation.crl.folders.map(absolute) }),
          },
        }),
      },
    }),
    ...(assertion && {
      assertion: { ...assertion, ...(assertion.keyFile && { keyFile: absolute(assertion.keyFile) }) },
    }),
    ...(routes && {
      routes: routes.map(route => ({
        ...route,
        ...(route.trustStore && { trustStore: route.trustStore.map(store => migratedStore(store, places)) }),
      })),
    }),
    ...(proxies && {
      proxies: proxies.map(proxy => ({
        ...proxy,
        proof: { ...proxy.proof, ...secretsOf(proxy.proof, ['secret'], places) },
      })),
    }),
  }
}

/** A store where it is, with its passwords. */
export function migratedStore<T extends StoreInput>(store: T, places: Places): T {
  return {
    ...store,
    file: resolve(places.home, store.file),
    ...secretsOf(store, ['password', 'keyPassword'], places),
  }
}

function migratedUsers({ users }: UnreadConfiguration, places: Places): UnreadConfiguration['users'] {
  const usual = stateOptions.users.file
  const file = resolve(places.home, users?.file ?? usual)
  const isOurs = users?.file === undefined || users.file === usual
  const { postgres } = users ?? {}
  return {
    ...users,
    file: isOurs && !existsSync(file) ? 'data/countersign.db' : file,
    ...(postgres && {
      postgres: {
        ...postgres,
        ...secretsOf(postgres, ['url', 'password'], places),
        ...(postgres.tls && {
          tls: {
            trustStore: postgres.tls.trustStore.map(store => migratedStore(store, places)),
            ...(postgres.tls.keyStore && { keyStore: migratedStore(postgres.tls.keyStore, places) }),
          },
        }),
      },
    }),
  }
}

/** Those of the options that are there. */
function secretsOf<K extends string>(
  options: { readonly [key in K]?: string | undefined } | undefined,
  keys: readonly K[],
  places: Places,
): { [key in K]?: string } {
  const found: { [key in K]?: string } = {}
  for (const key of keys) {
    const option = options?.[key]
    if (option !== undefined) found[key] = places.secret(option)
  }
  return found
}
