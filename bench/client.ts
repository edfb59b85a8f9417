import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Done, Task } from './load.ts'
import { launch } from './process.ts'

export interface Client {
  /** Throws when a request fails, or when it takes longer than anything here may. */
  run(task: Task): Promise<Done>
  stop(): void
}

/** The process that plays the clients, on a CPU of its own where there is one. After a failure the next task gets a new one. */
export function startClient(cpu: number | undefined): Client {
  let child: ChildProcess | undefined
  return {
    async run(task) {
      child ??= launch([process.execPath, join(import.meta.dirname, 'load.ts')], { cpu, ipc: true })
      try {
        return await ask(child, task)
      } catch (error) {
        child.kill()
        child = undefined
        throw error
      }
    },
    stop: () => void child?.kill(),
  }
}

function ask(child: ChildProcess, task: Task): Promise<Done> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(late)
      child.off('exit', onExit).off('message', onMessage)
      settle()
    }
    const onExit = () => end(() => reject(new Error('the client process ended')))
    const onMessage = ({ done, error }: { done?: Done; error?: string }) =>
      end(() => (done === undefined ? reject(new Error(error)) : resolve(done)))
    const late = setTimeout(() => end(() => reject(new Error(`${task.kind} took too long`))), longest)
    child.once('exit', onExit).once('message', onMessage)
    child.send(task)
  })
}

const longest = 180_000
