import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { readKeyStoreFile } from '../../pki/keystore/file.ts'
import type { KeyStore } from '../../pki/keystore/keystore.ts'
import { encodeKeyStore } from '../../pki/keystore/save.ts'
import type { UnreadConfiguration } from '../schema.ts'
import type { Environment } from './carbon-home.ts'
import { stateOptions } from './carbon-state.ts'
import { type Finding, findingText, type Severity } from './finding.ts'
import type { LoadedCarbonHome } from './load-carbon-home.ts'

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
  const secretPlace = (option: string | undefined) => {
    const name = option?.replace(/^env:/, '')
    if (name === undefined) return {}
    if (!options.copyPasswords) {
      variables.add(name)
      return { password: option }
    }
    const file = `secrets/${name.replace('COUNTERSIGN_', '').toLowerCase().replaceAll('_', '-')}`
    files.set(file, `${env[name] ?? ''}\n`)
    return { password: `file:${file}` }
  }
  const stores = new Converter(folder, env, files)
  const listeners: UnreadConfiguration['listeners'] = []
  for (const listener of carbon.configuration.listeners) {
    const { keyStore, trustStore = [] } = listener
    const { password, keyPassword, alias } = keyStore
    const key = options.convertStores
      ? { file: await stores.key(keyStore), ...secretPlace(password), ...(alias === undefined ? {} : { alias }) }
      : {
          ...keyStore,
          file: resolve(folder, keyStore.file),
          ...secretPlace(password),
          ...(keyPassword === undefined ? {} : { keyPassword: secretPlace(keyPassword).password }),
        }
    const trust = []
    for (const store of trustStore) {
      const place = secretPlace(store.password)
      const convert = options.convertStores && store.aliases?.length !== 0
      if (convert) trust.push({ file: await stores.trust(store), ...place })
      else trust.push({ ...store, file: resolve(folder, store.file), ...place })
    }
    listeners.push({ ...listener, keyStore: key, trustStore: trust })
  }
  const configuration = { ...carbon.configuration, listeners, ...stateOf(folder, carbon.configuration) }
  files.set(configurationFile, withComments(folder, configuration, carbon.findings))
  return { files, variables: [...variables] }
}

type StoreInput = { readonly file: string; readonly password?: string | undefined }

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

  async key({
    alias,
    keyPassword,
    ...input
  }: StoreInput & { alias?: string | undefined; keyPassword?: string | undefined }): Promise<string> {
    return this.#convert('server', input, [alias, keyPassword], keyPassword, store => ({
      ...store,
      entries: store.entries.filter(
        entry => entry.kind === 'private-key' && (alias === undefined || entry.alias === alias.toLowerCase()),
      ),
    }))
  }

  async trust({ aliases = [], ...input }: StoreInput & { aliases?: string[] | undefined }): Promise<string> {
    return this.#convert('client-truststore', input, aliases, undefined, store => ({
      ...store,
      entries: store.entries.filter(entry => entry.kind === 'trusted-certificate' && aliases.includes(entry.alias)),
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
    return option === undefined ? undefined : this.#env[option.replace(/^env:/, '')]
  }
}

/** Users and bindings that were made while the home was served stay where they are. */
function stateOf(home: string, { revocation }: UnreadConfiguration) {
  const users = join(home, stateOptions.users.file)
  return {
    users: { file: existsSync(users) ? users : 'data/countersign.db' },
    audit: { file: 'data/audit.jsonl' },
    ...(revocation === undefined ? {} : { revocation: { ...revocation, folder: 'data/revocation' } }),
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
