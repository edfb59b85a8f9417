import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CodedError } from '../../errors.ts'
import { Findings, type Place } from './finding.ts'
import { systemProperties } from './system-properties.ts'
import { parseXml, type XmlElement, type XmlValue } from './xml.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Paths below the home, as every product from Carbon 4.4 on has them. */
export const homeFiles = {
  catalina: 'repository/conf/tomcat/catalina-server.xml',
  carbon: 'repository/conf/carbon.xml',
  authenticators: 'repository/conf/security/authenticators.xml',
  identity: 'repository/conf/identity/identity.xml',
  validation: 'repository/conf/security/certificate-validation.xml',
  users: 'repository/conf/user-mgt.xml',
  toml: 'repository/conf/deployment.toml',
  /** ours, where there is one: see `own-settings.ts` */
  own: 'repository/conf/countersign.yaml',
} as const

/** Below the home: where Countersign keeps users, audit record and revocation lists while it serves from one. */
export const stateFolder = 'repository/data/countersign'

const maxFileSize = 4 << 20

/** A Carbon home being read: its files, its placeholders, and what was found in it. */
export class CarbonHome {
  readonly findings = new Findings()
  /** passwords by the names that the configuration has for them */
  readonly secrets = new Map<string, string>()
  readonly folder: string
  readonly env: Environment
  readonly properties: ReadonlyMap<string, string>

  constructor(folder: string, env: Environment) {
    checkCarbonHome(folder)
    this.folder = folder
    this.env = env
    this.properties = systemProperties(folder, env)
  }

  /** The root element of a file; undefined when there is no such file. A broken one is an error among the findings. */
  xml(file: string): XmlElement | undefined {
    const text = this.text(file)
    if (text === undefined) return undefined
    try {
      return parseXml(text, file)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      const [, line] = /, line (\d+): /.exec(error.message) ?? []
      const what = error.message.slice(error.message.indexOf(': ') + 2)
      this.findings.add('error', { file, line: line === undefined ? undefined : Number(line) }, what, error.remedy)
      return undefined
    }
  }

  text(file: string): string | undefined {
    try {
      const path = join(this.folder, file)
      const stat = statSync(path, { throwIfNoEntry: false })
      if (stat === undefined) return undefined
      if (!stat.isFile() || stat.size > maxFileSize) throw new Error('it is no file, or too large')
      return decode(readFileSync(path))
    } catch (error) {
      const what = `the file cannot be read: ${(error as Error).message}`
      this.findings.add('error', { file, line: undefined }, what, 'Let the user of the server read it.')
      return undefined
    }
  }

  /** The value with its placeholders filled in. One that nothing fills is an error: a path or a port that was guessed is none. */
  resolve(value: XmlValue | undefined): string | undefined {
    const unfilled = value && /\$(?:env|sys|ref)\{[^{}]*\}/.exec(value.value)?.[0]
    if (unfilled !== undefined) {
      this.findings.add('error', value!, `nothing is known of ${unfilled}`, 'Set it, or write the value itself.')
    }
    return value?.value.trim().replace(/\$\{([^{}]+)\}/g, (whole, name: string) => {
      const found = this.properties.get(name)
      if (found === undefined) {
        const remedy = `Write the value itself, or set it for the server: JAVA_OPTS="-D${name}=…".`
        this.findings.add('error', value, `nothing is known of the placeholder ${whole}`, remedy)
      }
      return found ?? whole
    })
  }

  /** A whole number; anything else is an error. */
  number(value: XmlValue | undefined): number | undefined {
    const text = this.resolve(value)
    if (value === undefined || text === undefined || text === '') return undefined
    if (/^-?\d{1,9}$/.test(text)) return Number(text)
    this.findings.add('error', value, `${JSON.stringify(text)} is no whole number`, 'Write a number in digits.')
    return undefined
  }

  /**
   * Keeps a password under the name of an environment variable, and answers where it is: the configuration holds `env:NAME`, and so does
   * what `migrate` writes. A password that the home keeps in a vault is taken from that variable.
   */
  secret(name: string, value: XmlValue | undefined, vault: Place | undefined): string | undefined {
    if (vault !== undefined || value?.value.includes('$secret{')) {
      if (this.env[name] === undefined) {
        const what = 'the password is kept in the secure vault of the product (secretAlias, $secret), which is not read'
        this.findings.add('error', vault ?? value!, what, `Set the password in the environment: ${name}=…`)
      }
      return `env:${name}`
    }
    const text = this.resolve(value)
    if (text === undefined || text === '') return undefined
    let free = name
    for (let i = 2; this.secrets.has(free) && this.secrets.get(free) !== text; i += 1) free = `${name}_${i}`
    this.secrets.set(free, text)
    return `env:${free}`
  }
}

/** Throws ERR_CARBON_HOME for a folder that is none. */
export function checkCarbonHome(folder: string): void {
  if (statSync(join(folder, 'repository', 'conf'), { throwIfNoEntry: false })?.isDirectory()) return
  throw new CodedError('ERR_CARBON_HOME', `${folder} has no folder repository/conf`, {
    remedy: 'Name the folder into which the product was unpacked: the one with bin and repository in it.',
  })
}

/** UTF-8, or ISO-8859-1 as many of these files declare and few are. */
function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
