import { readFileSync } from 'node:fs'
import { KeytoolUsage } from './keytool-error.ts'

/** What a keytool command line asks for. Names are those of the JDK, without the dash. */
export interface Flags {
  /** the command's canonical name: `exportcert`; undefined when there is none */
  readonly command: CommandName | undefined
  readonly help: boolean
  /** values by canonical option name */
  readonly values: ReadonlyMap<OptionName, string>
  readonly switches: ReadonlySet<string>
  /** every `-ext`, in order */
  readonly extensions: readonly string[]
}

const commands = {
  certreq: [],
  changealias: [],
  delete: [],
  exportcert: ['export'],
  genkeypair: ['genkey'],
  gencert: [],
  importcert: ['import'],
  importkeystore: [],
  keypasswd: [],
  list: [],
  printcert: [],
  storepasswd: [],
} as const

export type CommandName = keyof typeof commands

const options = {
  alias: [],
  destalias: ['dest'],
  dname: [],
  file: [],
  groupname: [],
  infile: [],
  keyalg: [],
  keypass: [],
  keysize: [],
  keystore: [],
  destkeystore: [],
  new: [],
  outfile: [],
  sigalg: [],
  signer: [],
  signerkeypass: [],
  srcalias: [],
  srckeypass: [],
  destkeypass: [],
  srckeystore: [],
  srcstorepass: [],
  deststorepass: [],
  srcstoretype: [],
  deststoretype: [],
  startdate: [],
  storepass: [],
  storetype: [],
  validity: [],
  // Security providers mean nothing here; what Java programs pass is taken and left alone.
  addprovider: ['provider'],
  provider: [],
  providerarg: [],
  providerclass: [],
  providername: [],
  providerpath: [],
  srcprovidername: [],
  destprovidername: [],
} as const

export type OptionName = keyof typeof options

const switchNames = [
  'rfc',
  'v',
  'noprompt',
  'trustcacerts',
  'protected',
  'srcprotected',
  'destprotected',
  'nowarn',
  'debug',
]

const secrets = [
  'storepass',
  'keypass',
  'new',
  'srcstorepass',
  'srckeypass',
  'deststorepass',
  'destkeypass',
  'signerkeypass',
]

/** Reads the JDK keytool's command line. Names are compared without case; throws KeytoolUsage as the JDK complains. */
export function parseFlags(args: readonly string[], env: NodeJS.ProcessEnv): Flags {
  let command: CommandName | undefined
  let help = false
  const values = new Map<OptionName, string>()
  const switches = new Set<string>()
  const extensions: string[] = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ''
    // for the Java machine, which is not there
    if (arg.startsWith('-J')) continue
    const [, name = '', modifier] = /^-([^:]*)(?::(.*))?$/su.exec(arg.toLowerCase()) ?? []
    if (!arg.startsWith('-')) throw new KeytoolUsage(`Illegal option:  ${arg}`, command)
    const commandName = canonical(commands, name)
    const option = canonical(options, name)
    if (commandName !== undefined) {
      if (command !== undefined && command !== commandName) {
        throw new KeytoolUsage(`Only one command is allowed: both -${command} and ${arg} were specified.`, command)
      }
      command = commandName
    } else if (['?', 'h', 'help', '-help'].includes(name)) help = true
    else if (name === 'ext') extensions.push(withArgument(args, ++i, arg))
    else if (option !== undefined) {
      const value = withArgument(args, ++i, arg)
      values.set(option, secrets.includes(option) ? secret(value, modifier, env) : value)
    } else if (switchNames.includes(name)) switches.add(name)
    else throw new KeytoolUsage(`Illegal option:  ${arg}`, command)
  }
  return { command, help, values, switches, extensions }
}

function canonical<T extends Record<string, readonly string[]>>(
  names: T,
  name: string,
): (keyof T & string) | undefined {
  if (Object.hasOwn(names, name)) return name
  return Object.keys(names).find(each => names[each]?.includes(name))
}

function withArgument(args: readonly string[], at: number, flag: string): string {
  const value = args[at]
  if (value === undefined) throw new KeytoolUsage(`Command option ${flag} needs an argument.`, undefined)
  return value
}

/** `-storepass:env NAME` and `-storepass:file FILE`. */
function secret(value: string, modifier: string | undefined, env: NodeJS.ProcessEnv): string {
  if (modifier === undefined) return value
  if (modifier === 'env') {
    const found = env[value]
    if (found === undefined) throw new KeytoolUsage(`Cannot find environment variable: ${value}`, undefined)
    return found
  }
  if (modifier !== 'file') throw new KeytoolUsage(`Unknown password type: ${modifier}`, undefined)
  try {
    return readFileSync(value, 'utf8').split(/\r?\n/u, 1)[0] ?? ''
  } catch {
    throw new KeytoolUsage(`Cannot find file: ${value}`, undefined)
  }
}
