import { parse, TomlError } from 'smol-toml'
import { type CarbonHome, homeFiles } from './carbon-home.ts'
import type { Place } from './finding.ts'
import { addElement, type GeneratedFiles, setText } from './generated-files.ts'
import { javaBoolean } from './java-boolean.ts'
import { applyIdentityTables, identityTables } from './toml-identity.ts'
import { tomlKeys } from './toml-keys.ts'
import { reportAdministrator, reportAdministratorRole, reportUserStore } from './user-mgt.ts'
import { child, childrenNamed, type XmlElement, type XmlValue } from './xml.ts'

/**
 * Lays deployment.toml over the files that the product generates from it: what it says counts, and what it leaves out is as the last start
 * left it in those files. Every key that is not read is named.
 */
export function applyDeploymentToml(home: CarbonHome, files: GeneratedFiles): void {
  const text = home.text(homeFiles.toml)
  if (text === undefined) return
  const document = parseToml(home, text)
  if (document === undefined) return
  const settings = valuesOf(home, text, document)
  const unread = new Map(settings)
  for (const { from, to } of tomlKeys) {
    const value = from.map(key => settings.get(key)).find(found => found !== undefined)
    for (const key of from) unread.delete(key)
    if (value !== undefined) to(files, value)
  }
  applyAuthenticator(files.authenticators, settings, unread)
  applyIdentityTables(files, document, table => ({ file: homeFiles.toml, line: lineOfTable(text, table) }))
  for (const key of unread.keys()) {
    if (identityTables.some(table => key === table || key.startsWith(`${table}.`))) unread.delete(key)
  }
  reportUsers(home, settings, unread)
  reportUnread(home, [...unread.keys()])
}

/** As `user-mgt.ts` does for the file that is made from these. */
function reportUsers(home: CarbonHome, settings: ReadonlyMap<string, XmlValue>, unread: Map<string, XmlValue>): void {
  const name = settings.get('super_admin.username')
  if (name !== undefined) reportAdministrator(home, name, name)
  const role = settings.get('super_admin.admin_role')
  if (role !== undefined) reportAdministratorRole(home, role)
  const store = settings.get('user_store.type')
  if (store !== undefined) reportUserStore(home, store, store.value)
  for (const key of unread.keys()) if (/^(?:super_admin|user_store)\./.test(key)) unread.delete(key)
}

const maxDepth = 16

function parseToml(home: CarbonHome, text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return parse(text, { maxDepth })
  } catch (error) {
    const line = error instanceof TomlError ? error.line : undefined
    const [what = ''] = (error as Error).message.split('\n')
    const place = { file: homeFiles.toml, line }
    home.findings.add('error', place, `the file is not well-formed: ${what}`, 'Mend that line.')
    return undefined
  }
}

/** Every value by its dotted key, as text, with what it refers to filled in. */
function valuesOf(home: CarbonHome, text: string, document: object): Map<string, XmlValue> {
  const values = new Map<string, XmlValue>()
  const collect = (table: object, path: readonly string[]) => {
    if (path.length > maxDepth) return
    for (const [name, value] of Object.entries(table)) {
      const keys = [...path, name]
      if (typeof value === 'object' && value !== null && !(value instanceof Date) && !Array.isArray(value))
        collect(value, keys)
      else values.set(keys.join('.'), { file: homeFiles.toml, line: lineOf(text, keys), value: textOfValue(value) })
    }
  }
  collect(document, [])
  for (const [key, value] of values) values.set(key, { ...value, value: fillIn(home, value, values) })
  return values
}

function textOfValue(value: unknown): string {
  return Array.isArray(value)
    ? value.map(textOfValue).join(',')
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value)
}

/** `$env{NAME}`, `$sys{name}` and `$ref{key}`; `$secret{alias}` stays, and is an error where it is used. */
function fillIn(home: CarbonHome, { value }: XmlValue, values: ReadonlyMap<string, XmlValue>): string {
  return value.replace(/\$(env|sys|ref)\{([^{}]+)\}/g, (whole, kind: string, name: string) => {
    const found = kind === 'env' ? home.env[name] : kind === 'sys' ? home.properties.get(name) : values.get(name)?.value
    return found ?? whole
  })
}

/** The line of `[table]` or `[[table]]`, or of a table inside of it. */
function lineOfTable(text: string, table: string): number | undefined {
  const line = text.split('\n').findIndex(each => {
    const name = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(each)?.[1]?.replace(/["'\s]/g, '')
    return name === table || name?.startsWith(`${table}.`)
  })
  return line < 0 ? undefined : line + 1
}

/** The line of `key =` in its table, as it is mostly written; undefined when it is written in another way. */
function lineOf(text: string, keys: readonly string[]): number | undefined {
  let table = ''
  const bare = (name: string) => name.replace(/["'\s]/g, '')
  for (const [i, line] of text.split('\n').entries()) {
    const header = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(line)?.[1]
    if (header !== undefined) table = bare(header)
    const key = /^\s*([^=#]+?)\s*=/.exec(line)?.[1]
    const full = key === undefined ? '' : [table, bare(key)].filter(Boolean).join('.')
    if (full !== '' && full === bare(keys.join('.'))) return i + 1
  }
  return undefined
}

const authenticatorTable = 'admin_console.authenticator.mutual_ssl_authenticator.'

/** Keys that the product maps to parameters; every other one below `config` is a parameter under its own name. */
const parameterNames: Readonly<Record<string, string>> = {
  username_header: 'UsernameHeader',
  white_list_enabled: 'WhiteListEnabled',
  white_list: 'WhiteList',
}

/** `enable = true` makes the block where the file has none. Without `enable` it stays as the last start left it. */
function applyAuthenticator(
  root: XmlElement | undefined,
  settings: ReadonlyMap<string, XmlValue>,
  unread: Map<string, XmlValue>,
): void {
  const own = [...settings].filter(([key]) => key.startsWith(authenticatorTable))
  const [first] = own
  if (root === undefined || first === undefined) return
  const block =
    childrenNamed(root, 'Authenticator').find(
      ({ attributes }) => attributes.get('name')?.value === 'MutualSSLAuthenticator',
    ) ?? addBlock(root, first[1])
  const config = child(block, 'Config') ?? addElement(block, 'Config', first[1])
  for (const [key, value] of own) {
    unread.delete(key)
    const name = key.slice(authenticatorTable.length)
    if (name === 'enable') block.attributes.set('disabled', { ...value, value: String(!javaBoolean(value.value)) })
    else if (name === 'priority') setText(block, 'Priority', value)
    else setParameter(config, parameterNames[name] ?? name.replace(/^config\./, ''), value)
  }
}

function addBlock(root: XmlElement, at: Place): XmlElement {
  const block = addElement(root, 'Authenticator', at)
  block.attributes.set('name', { ...at, value: 'MutualSSLAuthenticator' })
  block.attributes.set('disabled', { ...at, value: 'true' })
  return block
}

function setParameter(config: XmlElement, name: string, value: XmlValue): void {
  const found = childrenNamed(config, 'Parameter').find(({ attributes }) => attributes.get('name')?.value === name)
  const parameter = found ?? addElement(config, 'Parameter', value)
  parameter.attributes.set('name', { ...value, value: name })
  parameter.text = value.value
}

const consequential =
  /^client_certificate_based_authentication|^intermediate_cert_validation|^certificate_validation|^transport\.https\.|^event\.default_listener\.client_certificate|^admin_console\.authenticator|^x509/i

function reportUnread(home: CarbonHome, keys: readonly string[]): void {
  const weighty = keys.filter(key => consequential.test(key))
  const rest = [
    ...new Set(keys.filter(key => !consequential.test(key)).map(key => key.split('.').slice(0, 2).join('.'))),
  ]
  const place = { file: homeFiles.toml, line: undefined }
  for (const key of weighty) home.findings.add('warning', place, `${key} is not carried`, 'docs/wso2.md says what is.')
  home.findings.noEffect(place, rest)
}
