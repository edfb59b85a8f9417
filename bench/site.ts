import { rmSync } from 'node:fs'
import { type Client, startClient } from './client.ts'
import type { Credentials } from './load/connection.ts'
import type { Task } from './load.ts'
import type { Front, Peer, Role, Running, Setting } from './peers/peer.ts'
import { stop } from './process.ts'

export interface SiteSource extends Pick<Setting, 'folder' | 'upstream'> {
  readonly peers: readonly Peer[]
  readonly credentials: Credentials
  /** the CPUs for servers and clients that are not to use all */
  readonly cpus: { readonly server: number | undefined; readonly client: number | undefined }
  tell(line: string): void
}

/** Where the benchmark takes place: which servers there are, and who asks them. */
export class Site {
  /** on a CPU of its own, where there is one */
  readonly client: Client
  /** on all CPUs, for servers that use all as well */
  readonly freeClient: Client
  readonly #source: SiteSource
  readonly #running = new Set<Running>()
  readonly #fronts = new Map<string, Front>()
  readonly #versions = new Map<string, string>()
  readonly #failures: string[] = []
  /** bytes of Countersign's answer: the others send as much */
  #bodyBytes = 300

  constructor(source: SiteSource) {
    this.#source = source
    this.client = startClient(source.cpus.client)
    this.freeClient = startClient(undefined)
  }

  get peers(): readonly Peer[] {
    return this.#source.peers
  }

  get versions(): ReadonlyMap<string, string> {
    return this.#versions
  }

  /** what could not be measured, and why */
  get failures(): readonly string[] {
    return this.#failures
  }

  peer(name: string): Peer {
    return this.peers.find(peer => peer.name === name)!
  }

  async learnBodyBytes(peer: Peer): Promise<void> {
    const server = await this.start(peer, { workers: 1 })
    const task = { ...(await this.taskFor(server, 'identity')), kind: 'full', operations: 1, parallel: 1 } as const
    const { sample } = await this.client.run(task)
    this.#bodyBytes = sample.length - sample.indexOf('\r\n\r\n') - 4
    await this.stopAll()
  }

  /** A server that does not start is told of, and left out. */
  async startAll({ workers, names }: { workers: number; names?: readonly string[] }): Promise<Running[]> {
    const servers: Running[] = []
    for (const peer of this.peers) {
      if (names !== undefined && !names.includes(peer.name)) continue
      const server = await this.attempt(peer.name, 'start', () => this.start(peer, { workers }))
      if (server !== undefined) servers.push(server)
    }
    return servers
  }

  async start(peer: Peer, { workers }: { workers: number }): Promise<Running> {
    const { folder, upstream, cpus } = this.#source
    const bodyBytes = this.#bodyBytes
    const server = await peer.start({
      folder,
      upstream,
      cpu: workers > 1 ? undefined : cpus.server,
      workers,
      bodyBytes,
    })
    this.#running.add(server)
    this.#versions.set(server.name, server.version)
    return server
  }

  async stopAll(): Promise<void> {
    for (const [key, front] of this.#fronts) {
      await stop(front.child)
      this.#fronts.delete(key)
    }
    for (const server of this.#running) {
      await stop(server.child)
      this.#running.delete(server)
    }
  }

  async taskFor(server: Running, role: Role): Promise<Pick<Task, 'port' | 'path' | 'credentials'>> {
    const port = (await this.#front(server, role))?.port ?? server.port
    return { port, path: server.paths[role]!, credentials: this.#source.credentials }
  }

  async #front({ port, fronts }: Running, role: Role): Promise<Front | undefined> {
    const key = `${role} ${port}`
    const known = this.#fronts.get(key)
    if (known !== undefined) return known
    const front = await fronts?.[role]?.()
    if (front !== undefined) this.#fronts.set(key, front)
    return front
  }

  /** undefined: it failed, and what failed is told; the others go on */
  async attempt<T>(server: string, what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      const failure = `${server}: ${what}: ${error instanceof Error ? error.message : String(error)}`
      this.#failures.push(failure)
      this.tell(failure)
      return undefined
    }
  }

  tell(line: string): void {
    this.#source.tell(line)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopAll()
    this.client.stop()
    this.freeClient.stop()
    rmSync(this.#source.folder, { recursive: true, force: true })
  }
}
