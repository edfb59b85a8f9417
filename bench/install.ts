import { execFileSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import type { Peer } from './peers/peer.ts'
import { hasProgram } from './process.ts'

/** The Debian packages of what this peer needs and this machine does not have. */
export function missingPackages({ needs }: Peer): string[] {
  return Object.keys(needs).flatMap(name =>
    (name.startsWith('/') ? existsSync(name) : hasProgram(name)) ? [] : needs[name]!,
  )
}

/** Installs what the peers need, as root on Debian. No server is started by its package. Throws when apt-get does. */
export function install(peers: readonly Peer[]): void {
  const packages = [...new Set(peers.flatMap(missingPackages))]
  if (packages.length === 0) return
  process.stderr.write(`installing ${packages.join(' ')}\n`)
  const policy = '/usr/sbin/policy-rc.d'
  const ours = !existsSync(policy)
  // Debian's own way to say that installing a server is not starting it.
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const apt = (...args: string[]) => execFileSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
    apt('update')
    apt('install', '-y', '--no-install-recommends', ...packages)
  } finally {
    if (ours) rmSync(policy, { force: true })
  }
}
