import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Launch {
  /** number of the CPU that the program is pinned to; undefined: it may use all */
  readonly cpu: number | undefined
  readonly env?: NodeJS.ProcessEnv
  /** with a channel for `process.send` */
  readonly ipc?: boolean
  /** what it says on standard error; default inherit */
  readonly stderr?: 'inherit' | 'ignore'
}

/** Runs a program. taskset replaces itself by the program, so that the process is the program's. */
export function launch(
  command: readonly string[],
  { cpu, env, ipc = false, stderr = 'inherit' }: Launch,
): ChildProcess {
  const [program = '', ...args] = cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command]
  return spawn(program, args, {
    stdio: ['ignore', 'ignore', stderr, ...(ipc ? (['ipc'] as const) : [])],
    env: { ...process.env, ...env },
  })
}

/** Waits until something takes connections on the port. Throws when nothing does, or when the process ends. */
export async function answering(port: number, child?: ChildProcess, patience = 20_000): Promise<void> {
  const deadline = performance.now() + patience
  while (performance.now() < deadline) {
    if (child !== undefined && hasEnded(child))
      throw new Error(`a server ended with ${child.exitCode} before it listened`)
    if (await connects(port)) return
    await sleep(5)
  }
  throw new Error(`nothing listens on port ${port}`)
}

function connects(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).once('error', () => resolve(false))
  })
}

/** Each answer is another one: files are named after it. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise(resolve => probe.close(resolve))
  if (given.has(port)) return freePort()
  given.add(port)
  return port
}

const given = new Set<number>()

export async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
  await gone
  clearTimeout(late)
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

/** All that a program says when asked; undefined when it is not installed. */
export function told(program: string, ...args: string[]): string | undefined {
  const { error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, PATH: path } })
  return error === undefined ? `${stdout}${stderr}` : undefined
}

export const hasProgram = (name: string): boolean =>
  path.split(delimiter).some(folder => existsSync(join(folder, name)))

/** Debian keeps servers where only root looks. */
export const path = [process.env.PATH, '/usr/sbin', '/sbin'].filter(Boolean).join(delimiter)
