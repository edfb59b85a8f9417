import { existsSync } from 'node:fs'
import { installPackages } from '../scripts/install-packages.mjs'
import type { Peer } from './peers/peer.ts'
import { hasProgram } from './process.ts'

/** The Debian packages of what this peer needs and this machine does not have. */
export function missingPackages({ needs }: Peer): string[] {
  return Object.keys(needs).flatMap(name =>
    (name.startsWith('/') ? existsSync(name) : hasProgram(name)) ? [] : needs[name]!,
  )
}

/** Installs what the peers need, as root on Debian. Throws when apt-get does. */
export function install(peers: readonly Peer[]): void {
  const packages = [...new Set(peers.flatMap(missingPackages))]
  if (packages.length === 0) return
  process.stderr.write(`installing ${packages.join(' ')}\n`)
  installPackages(packages)
}
