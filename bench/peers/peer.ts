import type { ChildProcess } from 'node:child_process'

/** A server that can be measured. */
export interface Peer {
  readonly name: string
  /** the programs that have to be there -> the Debian packages that bring them */
  readonly needs: Readonly<Record<string, string>>
  /** Starts it. Resolves when it takes connections. */
  start(setting: Setting): Promise<Running>
  /** how many times the common warm-up it takes until its compiler is done */
  readonly warmUp?: number
}

export interface Setting {
  /** of certificates.ts; servers put their own files here too */
  readonly folder: string
  /** bytes that an authenticated answer has, so that all send as much */
  readonly bodyBytes: number
  /** number of the CPU that servers are pinned to; undefined: they may use all */
  readonly cpu: number | undefined
  /** processes, or threads where a server has no processes */
  readonly workers: number
  /** where the trivial upstream listens, plain HTTP; undefined: there is none */
  readonly upstream: number | undefined
}

/** One server under measurement, running. */
export interface Running {
  readonly name: string
  /** what it is, with the line of OpenSSL that it runs on */
  readonly version: string
  readonly child: ChildProcess
  /** when the program was started, by performance.now() */
  readonly launched: number
  readonly port: number
  /** the paths by which it plays its roles; a role that it does not play is left out */
  readonly paths: Partial<Record<Role, string>>
  /** what stands in front of it in a role, started when it is first asked in that role: its own work is not counted */
  readonly fronts?: Partial<Record<Role, () => Promise<Front>>>
}

export interface Front {
  readonly child: ChildProcess
  readonly port: number
}

/**
 * identity: it says who the client is. http2: the same over HTTP/2. proxied: it passes the request to the upstream, and who the client is along with it. decided: nginx does
 * that, and asks first, over a Unix socket; decidedByTls: over TLS.
 */
export type Role = 'identity' | 'http2' | 'proxied' | 'decided' | 'decidedByTls'

/** What a body has to be filled up with, where about `printed` bytes of it are the identity. */
export const filling = ({ bodyBytes }: Setting, printed: number): string => 'x'.repeat(Math.max(0, bodyBytes - printed))

/** The same path in each of these roles. */
export const roles = (path: string, ...names: Role[]): Partial<Record<Role, string>> =>
  Object.fromEntries(names.map(name => [name, path]))
