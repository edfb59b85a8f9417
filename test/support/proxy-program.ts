// A proxy that people run, as the real program of Debian, with the configuration file that docs/ gives to its users.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { after } from 'node:test'
import { answering, freePort } from './free-port.ts'
import { scratchFolder } from './scratch.ts'

export type ProxyName = 'nginx' | 'haproxy' | 'caddy' | 'apache2'

export interface ProxySetting {
  readonly program: ProxyName
  /** the file of docs/, from the root of the project */
  readonly config: string
  /**
   * What stands in the file for the user to replace, and what the test has instead: `{ 'listen 443': 'listen 127.0.0.1:12345' }`. Each key
   * has to be there. `port` is where the proxy shall listen on 127.0.0.1.
   */
  values(port: number, folder: string): Readonly<Record<string, string>>
}

export interface ProxyProgram extends AsyncDisposable {
  readonly port: number
  /** what it said on its outputs and in its error log */
  said(): string
}

/** Starts the proxy and waits until it listens. It ends with the test, or the file, in which it was started. */
export async function startProxy({ program, config, values }: ProxySetting): Promise<ProxyProgram> {
  const folder = scratchFolder()
  const port = await freePort()
  const text = replaceAll(readFileSync(join(root, config), 'utf8'), values(port, folder), config)
  writeFileSync(join(folder, 'docs.conf'), text)
  mkdirSync(join(folder, 'temp'))
  const { frame, args } = programs[program]
  writeFileSync(join(folder, 'frame.conf'), frame(folder, text))
  const child = spawn(program, args(folder), {
    cwd: folder,
    env: environment(folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', chunk => {
      output = (output + chunk).slice(-100_000)
    })
  }
  const errorLog = join(folder, 'error.log')
  const said = () => output + (existsSync(errorLog) ? readFileSync(errorLog, 'utf8') : '')
  let failure: Error | undefined
  child.once('error', error => {
    failure = error
  })
  const stop = async () => {
    await ended(child)
    children.delete(child)
  }
  after(stop)
  await answering(port, () => {
    if (failure !== undefined) throw failure
    if (over(child)) throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode}: ${said()}`)
  })
  return { port, said, [Symbol.asyncDispose]: stop }
}

/** What still runs when the test process gives up dies with it. */
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

const root = join(import.meta.dirname, '../..')

function replaceAll(text: string, values: Readonly<Record<string, string>>, file: string): string {
  let replaced = text
  // The longest first: one may be the beginning of another.
  for (const key of Object.keys(values).toSorted((a, b) => b.length - a.length)) {
    if (!replaced.includes(key)) throw new Error(`${file} does not hold ${JSON.stringify(key)}`)
    replaced = replaced.replaceAll(key, () => values[key]!)
  }
  return replaced
}

interface Program {
  /** what stands around the file of docs/ on a user's machine: process, folders, modules, and nothing that decides */
  frame(folder: string, text: string): string
  args(folder: string): string[]
}

const programs: Readonly<Record<ProxyName, Program>> = {
  nginx: {
    frame: (folder, text) => {
      const stream = /^stream\s*\{/m.test(text)
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        name => `${name}_temp_path ${folder}/temp/${name};`,
      )
      const http = `http { access_log off; ${temporary.join(' ')} include ${folder}/docs.conf; }`
      return `${stream ? 'load_module /usr/lib/nginx/modules/ngx_stream_module.so;' : ''}
daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr; events { worker_connections 256; }
${stream ? `include ${folder}/docs.conf;` : http}\n`
    },
    args: folder => ['-p', folder, '-c', join(folder, 'frame.conf'), '-e', 'stderr'],
  },
  haproxy: {
    frame: () => 'global\n  log stdout format raw local0\n  nbthread 1\n',
    args: folder => ['-db', '-q', '-f', join(folder, 'frame.conf'), '-f', join(folder, 'docs.conf')],
  },
  caddy: {
    // Global options stand at the top of a Caddyfile, so those of the file, if it has some, are opened again.
    frame: (folder, text) => {
      const own = 'admin off\n  auto_https disable_redirects\n'
      const start = /^(?:\s*#.*\n|\s*\n)*\{\n/.exec(text)?.[0]
      return start === undefined
        ? `{\n  ${own}}\nimport ${folder}/docs.conf\n`
        : `${start}  ${own}${text.slice(start.length)}`
    },
    args: folder => ['run', '--adapter', 'caddyfile', '--config', join(folder, 'frame.conf')],
  },
  apache2: {
    frame: (folder, text) => {
      // Those that the file tells its user to switch on, and what Debian's package brings with it.
      const named = /^# a2enmod (.+)$/m.exec(text)?.[1]?.split(' ') ?? []
      const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_host', 'socache_shmcb', ...named]
      const load = [...new Set(modules)].map(
        name => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
      )
      return `ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}/temp
Mutex file:${folder}/temp
ErrorLog ${folder}/error.log
${load.join('\n')}
ServerLimit 1
ThreadsPerChild 32
MaxRequestWorkers 32
MinSpareThreads 1
MaxSpareThreads 32
Include ${folder}/docs.conf\n`
    },
    args: folder => ['-DFOREGROUND', '-f', join(folder, 'frame.conf')],
  },
}

/** Caddy keeps things in the home of its user. */
function environment(folder: string): NodeJS.ProcessEnv {
  const path = [process.env.PATH, '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter)
  return { ...process.env, PATH: path, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
}

const over = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

async function ended(child: ChildProcess): Promise<void> {
  if (over(child) || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(late)
}
