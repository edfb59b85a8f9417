// The first step of `npm start` and `npm test`, under whatever Node the machine has (20 or later): installs what is missing. Not a
// `prestart`, because npm runs none where .npmrc says ignore-scripts, and that keeps install scripts of dependencies out.
// With --tests it also sees to the real programs that the tests talk to, from Debian's packages.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { installPackages } from './install-packages.mjs'

const root = join(import.meta.dirname, '..')

/** program that has to be in PATH, or a file -> the Debian package that brings it */
const programs = {
  openssl: 'openssl',
  curl: 'curl',
  javac: 'default-jdk-headless',
  keytool: 'default-jdk-headless',
  nginx: 'nginx-light',
  chromium: 'chromium',
  certutil: 'libnss3-tools',
  postgres: 'postgresql',
  haproxy: 'haproxy',
  caddy: 'caddy',
  apache2: 'apache2-bin',
  '/usr/lib/nginx/modules/ngx_stream_module.so': 'libnginx-mod-stream',
}

/** where Debian keeps what is not for everybody's PATH: each version of PostgreSQL in a folder of its own */
const postgresRoot = '/usr/lib/postgresql'

installModules()
if (process.argv.includes('--tests')) installPrograms()

function installModules() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  const lock = join(root, 'package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  process.stderr.write('countersign: installing dependencies (npm ci)\n')
  const { status } = spawnSync('npm', ['ci', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) fail('npm ci did not succeed; its own message stands above')
}

function installPrograms() {
  const versions = existsSync(postgresRoot) ? readdirSync(postgresRoot) : []
  const postgres = versions.map(version => join(postgresRoot, version, 'bin'))
  const path = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', ...postgres]
  const missing = Object.keys(programs).filter(name => !isThere(name, path))
  if (missing.length === 0) return
  const packages = [...new Set(missing.map(name => programs[name]))]
  const command = `apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}`
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    fail(
      `the tests talk to real programs that are missing here: ${missing.join(', ')}\nInstall them, on Debian as root:  ${command}`,
    )
  }
  process.stderr.write(`countersign: installing ${packages.join(' ')} for the tests\n`)
  try {
    installPackages(packages)
  } catch {
    fail(`could not install ${packages.join(' ')}; try by hand:  ${command}`)
  }
}

function isThere(name, path) {
  return name.startsWith('/') ? existsSync(name) : path.some(folder => existsSync(join(folder, name)))
}

function fail(message) {
  process.stderr.write(`countersign: ${message}\n`)
  process.exit(3)
}
