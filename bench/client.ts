import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Done, Task } from './load.ts'

export interface Client {
  run(task: Task): Promise<Done>
  stop(): void
}

/** Starts the process that plays the clients, on a CPU of its own where there is one. */
export function startClient(cpu: number | undefined): Client {
  const command = [process.execPath, join(import.meta.dirname, 'load.ts')]
  const [program = '', ...args] = cpu === undefined ? command : ['taskset', '-c', String(cpu), ...command]
  const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  return {
    run: task =>
      new Promise((resolve, reject) => {
        const onExit = () => reject(new Error('the client process ended'))
        child.once('exit', onExit)
        child.once('message', (message: { done?: Done; error?: string }) => {
          child.off('exit', onExit)
          if (message.done !== undefined) resolve(message.done)
          else reject(new Error(message.error))
        })
        child.send(task)
      }),
    stop: () => void (child.connected && child.disconnect()),
  }
}
