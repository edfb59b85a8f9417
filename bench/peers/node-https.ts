import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { launch } from '../process.ts'
import { startAsking } from './nginx.ts'
import { type Peer, roles } from './peer.ts'

/** Bare node:https on the same Node, with several processes node:cluster: what Node itself costs. */
export const nodeHttps: Peer = {
  name: 'node:https',
  needs: {},
  warmUp: 4,
  async start(setting) {
    const { folder, bodyBytes, cpu, workers, upstream } = setting
    const socket = join(folder, `ask-node-${++started}.sock`)
    const file = join(import.meta.dirname, 'node-https-server.ts')
    const launched = performance.now()
    const child = launch([process.execPath, file, folder, String(bodyBytes), String(workers), socket], {
      cpu,
      ipc: true,
    })
    const port = await told(child)
    const version = `node:https ${process.version}, OpenSSL ${process.versions.openssl}`
    const running = { name: 'node:https', version, port, paths: { identity: '/' }, launched, child }
    if (upstream === undefined) return running
    const fronts = {
      decided: () => startAsking(setting, socket),
      decidedByTls: () => startAsking(setting, port),
    }
    return { ...running, paths: { ...running.paths, ...roles('/orders/1', 'decided', 'decidedByTls') }, fronts }
  },
}

let started = 0

/** Waits until the server says on which port it listens. */
function told(child: ChildProcess): Promise<number> {
  return new Promise<number>((resolve, reject) => {
    child.once('message', message => resolve((message as { port: number }).port))
    child.once('exit', code => reject(new Error(`node:https ended with ${code} before it listened`)))
  })
}
