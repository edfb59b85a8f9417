// Real files of WSO2's products, where they lie beside the project; not part of it. Copied into a folder of the test's own, never changed.
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { scratchFolder } from './scratch.ts'

export const suites = join(import.meta.dirname, '../../../shared/suites/wso2')

/** For `{ skip: withoutSuites }`: the reason, or false where the files are. */
export const withoutSuites = existsSync(suites) ? false : '../shared/suites/wso2 is not there'

export interface RealHome {
  readonly folder: string
  /** where the stores are */
  readonly security: string
  read(file: string): string
  write(file: string, content: string | Uint8Array): void
  /** Replaces a text that has to stand there, where it stands last. */
  edit(file: string, from: string, to: string): void
}

const catalina = 'repository/conf/tomcat/catalina-server.xml'
const carbon = 'repository/conf/carbon.xml'
const authenticators = 'repository/conf/security/authenticators.xml'
const identity = 'repository/conf/identity/identity.xml'
const validation = 'repository/conf/security/certificate-validation.xml'
const toml = 'repository/conf/deployment.toml'
const security = 'repository/resources/security'

function kernel(folder: string, extension: 'jks' | 'p12', more: Parts = {}): Parts {
  return {
    [catalina]: `${folder}/catalina-server.kernel.xml`,
    [carbon]: `${folder}/carbon.xml`,
    [authenticators]: `${folder}/authenticators.kernel.xml`,
    [`${security}/client-truststore.${extension}`]: `${folder}/client-truststore.${extension}`,
    ...more,
  }
}

/** Which file of the suites stands where in a home. */
export type Parts = Readonly<Record<string, string>>

/** As it was unpacked, but for `clientAuth`, which the zip had as `want` already. */
export const is560: Parts = {
  [catalina]: 'is-5.6.0-tenantDropdown/catalina-server-default.xml',
  [carbon]: 'is-5.6.0_kernel-4.4.32/carbon.xml',
  [authenticators]: 'is-5.6.0-tenantDropdown/authenticators-default.xml',
  [identity]: 'is-5.6.0-identity/default-identity.xml',
  [`${security}/wso2carbon.jks`]: 'is-5.6.0_kernel-4.4.32/wso2carbon.jks',
  [`${security}/client-truststore.jks`]: 'is-5.6.0_kernel-4.4.32/client-truststore.jks',
}

/** Every file of the suites that a home is read from, by what it is; files that came alone have no carbon.xml. */
export const homeParts: Readonly<Record<string, Parts>> = {
  'Identity Server 5.6.0, mutual SSL on': {
    ...is560,
    [catalina]: 'is-5.6.0_kernel-4.4.32/catalina-server.xml',
    [authenticators]: 'is-5.6.0-tenantDropdown/authenticators-tenantDropdown-enabled.xml',
    [validation]: 'x509-commons/certificate-validation.v1.0.3.xml',
  },
  'Identity Server 5.6.0, mutual SSL off': is560,
  'catalina-server.xml of a test of 5.6.0': { [catalina]: 'is-5.6.0-identity/catalina-server.IDENTITY4776.xml' },
  'catalina-server.xml and authenticators.xml of another test, mutual SSL on': {
    [catalina]: 'is-5.6.0-tenantDropdown/catalina-server-tanantDropdown-enabled.xml',
    [authenticators]: 'is-5.6.0-tenantDropdown/authenticators-tenantDropdown-enabled.xml',
  },
  'kernel 4.4.11': kernel('kernel-4.4.11', 'jks'),
  'kernel 4.4.32': kernel('is-5.6.0_kernel-4.4.32', 'jks'),
  'kernel 4.4.40': kernel('kernel-4.4.40', 'jks'),
  'kernel 4.6.0': kernel('kernel-4.6.0', 'jks', { [toml]: 'kernel-4.6.0/deployment.toml' }),
  'kernel 4.12.37': kernel('kernel-4.12.37', 'p12', { [toml]: 'kernel-4.12.37/deployment.toml' }),
  'certificate-validation.xml of 2026': { [validation]: 'x509-commons/certificate-validation.HEAD.xml' },
}

/** A home of these files. Its HTTPS connector takes any free port, on loopback; nothing else is changed. */
export function realHome(parts: Parts = is560): RealHome {
  const folder = scratchFolder()
  const path = (file: string) => join(folder, file)
  const read = (file: string) => readFileSync(path(file), 'utf8')
  const write = (file: string, content: string | Uint8Array) => {
    mkdirSync(dirname(path(file)), { recursive: true })
    writeFileSync(path(file), content)
  }
  const edit = (file: string, from: string, to: string) => {
    const text = read(file)
    // the last one: what stands above it may be a comment
    const at = text.lastIndexOf(from)
    if (at < 0) throw new Error(`${file} has no ${from}`)
    write(file, text.slice(0, at) + to + text.slice(at + from.length))
  }
  copyParts(parts, folder)
  edit(catalina, ' port="9443"', ' port="0" address="127.0.0.1"')
  write('repository/conf/countersign.yaml', 'management: { enabled: false }\n')
  return { folder, security: path(security), read, write, edit }
}

export function copyParts(parts: Parts, folder: string): void {
  for (const [to, from] of Object.entries(parts)) {
    mkdirSync(dirname(join(folder, to)), { recursive: true })
    cpSync(join(suites, from), join(folder, to))
  }
}

export interface ServedHome {
  readonly port: number
  /** everything that it logged, one JSON object a line */
  readonly log: readonly Record<string, unknown>[]
  stop(): Promise<void>
}

const launcher = join(import.meta.dirname, '../../bin/countersign.js')

/** `countersign serve ARGS` in a process of its own. Stop it, whatever happens. */
export async function serveProcess(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<ServedHome> {
  const child = spawn(process.execPath, [launcher, 'serve', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  })
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
  const log: Record<string, unknown>[] = []
  const port = await new Promise<number>((resolve, reject) => {
    let rest = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        const record: Record<string, unknown> = line.startsWith('{') ? JSON.parse(line) : { msg: line }
        log.push(record)
        const [listener] = (record.listeners as { port: number }[] | undefined) ?? []
        if (listener !== undefined) resolve(listener.port)
      }
    })
    void ended.then(code => reject(new Error(`the server ended with ${code}: ${JSON.stringify(log)}`)))
  })
  return {
    port,
    log,
    async stop() {
      child.kill('SIGTERM')
      const late = setTimeout(() => child.kill('SIGKILL'), 15_000)
      await ended
      clearTimeout(late)
    },
  }
}
