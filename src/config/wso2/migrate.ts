import { resolve } from 'node:path'
import { stringify } from 'yaml'
import { readKeyStoreFile } from '../../pki/keystore/file.ts'
import type { KeyStore } from '../../pki/keystore/keystore.ts'
import { encodeKeyStore } from '../../pki/keystore/save.ts'
import type { UnreadConfiguration } from '../schema.ts'
import { resolveSecret } from '../secret.ts'
import type { Environment } from './carbon-home.ts'
import { type Finding, findingText, type Severity } from './finding.ts'
import type { LoadedCarbonHome } from './load-carbon-home.ts'
import { migratedStore, type StoreInput, withMigratedFiles } from './migrated-files.ts'

export interface MigrationOptions {
  /** write PKCS#12 stores that hold only what counts, beside the configuration */
  readonly convertStores: boolean
  /** write the passwords into files of their own; else the configuration names environment variables */
  readonly copyPasswords: boolean
}

export interface Migration {
  /** by their path below the new folder; every one of them is for its owner's eyes, but the configuration */
  readonly files: ReadonlyMap<string, string | Uint8Array>
  /** environment variables that have to be set before the configuration can be served */
  readonly variables: readonly string[]
}

export const configurationFile = 'countersign.yaml'

/** A configuration that decides like the home as it is now. Throws what opening the stores throws. */
export async function migrate(
  { folder, carbon, env }: LoadedCarbonHome,
  options: MigrationOptions,
): Promise<Migration> {
  const files = new Map<string, string | Uint8Array>()
  const variables = new Set<string>()
  const secretPlace = (option: string) => {
    if (option.startsWith('file:')) return `file:${resolve(folder, option.slice('file:'.length))}`
    const name = /^env:(.+)$/.exec(option)?.[1]
    if (name === undefined) return option
    if (!options.copyPasswords) {
      variables.add(name)
      return option
    }
    const file = `secrets/${name.replace('COUNTERSIGN_', '').toLowerCase().replaceAll('_', '-')}`
    files.set(file, `${resolveSecret(option, folder, env)}\n`)
    return `file:${file}`
  }
  const places = { home: folder, secret: secretPlace }
  const stores = new Converter(folder, env, files)
  const converted = (file: string, password: string | undefined) => ({
    file,
    ...(password === undefined ? {} : { password: secretPlace(password) }),
  })
  const listeners: UnreadConfiguration['listeners'] = []
  for (const listener of carbon.configuration.listeners) {
    const { keyStore, trustStore = [] } = listener
    // A connector has a key store always.
    const { keyPassword: _, ...key } = keyStore!
    const own = options.convertStores
      ? { ...key, ...converted(await stores.key(keyStore!), keyStore!.password) }
      : migratedStore(keyStore!, places)
    const trust = []
    for (const store of trustStore) {
      const { aliases, ...whole } = store
      // Nothing counts of it: there is nothing to convert.
      if (!options.convertStores || aliases?.length === 0) trust.push(migratedStore(store, places))
      else trust.push({ ...whole, ...converted(await stores.trust(store), store.password) })
    }
    listeners.push({ ...listener, keyStore: own, trustStore: trust })
  }
  const configuration = { ...withMigratedFiles(carbon.configuration, places), listeners }
  files.set(configurationFile, withComments(folder, configuration, carbon.findings))
  return { files, variables: [...variables] }
}

/** Converts each store once, under the password that it had. */
class Converter {
  readonly #done = new Map<string, string>()
  readonly #folder: string
  readonly #env: Environment
  readonly #files: Map<string, string | Uint8Array>

  constructor(folder: string, env: Environment, files: Map<string, string | Uint8Array>) {
    this.#folder = folder
    this.#env = env
    this.#files = files
  }

  async key({ alias, keyPassword, ...input }: StoreInput & { alias?: string | undefined }): Promise<string> {
    return this.#convert('server', input, [alias, keyPassword], keyPassword, store => ({
      ...store,
      entries: store.entries.filter(
        entry =>
          entry.kind === 'private-key' && (alias === undefined || entry.alias.toLowerCase() === alias.toLowerCase()),
      ),
    }))
  }

  async trust({ aliases, ...input }: StoreInput & { aliases?: string[] | undefined }): Promise<string> {
    const wanted = aliases?.map(alias => alias.toLowerCase())
    return this.#convert('client-truststore', input, aliases, undefined, store => ({
      ...store,
      entries: store.entries.filter(
        ({ kind, alias }) => kind === 'trusted-certificate' && wanted?.includes(alias.toLowerCase()) !== false,
      ),
    }))
  }

  async #convert(
    name: string,
    { file, password }: StoreInput,
    which: unknown,
    keyPassword: string | undefined,
    select: (store: KeyStore) => KeyStore,
  ): Promise<string> {
    const key = JSON.stringify([name, file, which])
    const earlier = this.#done.get(key)
    if (earlier !== undefined) return earlier
    const path = `security/${name}${this.#count(name)}.p12`
    const opened = await readKeyStoreFile(resolve(this.#folder, file), {
      password: this.#secret(password),
      keyPassword: this.#secret(keyPassword),
    })
    const store = { ...select(opened), otherCertificates: [] }
    this.#files.set(path, encodeKeyStore(store, { type: 'PKCS12', password: this.#secret(password) }))
    this.#done.set(key, path)
    return path
  }

  #count(name: string): string {
    const count = [...this.#done.values()].filter(path => path.startsWith(`security/${name}`)).length
    return count === 0 ? '' : `-${count + 1}`
  }

  #secret(option: string | undefined): string | undefined {
    return option === undefined ? undefined : resolveSecret(option, this.#folder, this.#env)
  }
}

const headings: readonly [Severity, string][] = [
  ['tightened', 'Stricter than in the home, and how to widen it:'],
  ['warning', 'Worth knowing:'],
  ['ignored', 'Without effect here:'],
]

function withComments(home: string, configuration: object, findings: readonly Finding[]): string {
  const sections = headings.flatMap(([severity, heading]) => {
    const lines = findings.filter(finding => finding.severity === severity).map(findingText)
    return lines.length === 0 ? [] : [heading, ...lines.map(line => `  ${line.slice(severity.length + 2)}`), '']
  })
  const comment = [
    `Countersign, as \`countersign migrate\` read it from ${home.replace(/\p{C}/gu, ' ')}.`,
    'It decides like the home did at that moment: a certificate that is imported later needs a binding (countersign binding add), and a place',
    'among the aliases of the trust store where there are any. Every key: docs/configuration.md. Every finding: docs/wso2.md.',
    '',
    ...sections,
  ]
  return `${comment.map(line => `# ${line}`.trimEnd()).join('\n')}\n${stringify(configuration, { lineWidth: 0 })}`
}
