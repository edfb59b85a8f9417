import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Installs packages of Debian, as root. None of them starts a server, and PostgreSQL makes no database. Throws when apt-get does.
 * @param {readonly string[]} packages
 * @returns {void}
 */
export function installPackages(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const apt = (...args) => execFileSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 2] })
  const written = meanwhile.filter(({ file }) => !existsSync(file))
  for (const { file, text, mode } of written) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text, { mode })
  }
  try {
    apt('update')
    apt('install', '-y', '--no-install-recommends', ...packages)
  } finally {
    for (const { file } of written) rmSync(file, { force: true })
  }
}

/** What stands there while packages are installed, unless the machine has its own. */
const meanwhile = [
  // Debian's own way to say that installing a server is not starting it.
  { file: '/usr/sbin/policy-rc.d', text: '#!/bin/sh\nexit 101\n', mode: 0o755 },
  {
    file: '/etc/postgresql-common/createcluster.d/countersign-tests.conf',
    text: 'create_main_cluster = false\n',
    mode: 0o644,
  },
]
