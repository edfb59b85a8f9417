#!/usr/bin/env node
// Parses and runs under any Node from 20 on. Where that Node is older than Countersign needs, the pinned one takes over.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import nodeModule, { createRequire } from 'node:module'
import { availableParallelism, userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const needed = [26, 9]
const [major, minor] = process.versions.node.split('.').map(Number)

// Node reads this at its start and never again: what it says cannot be asked for later.
const openssl = `--openssl-config=${fileURLToPath(new URL('openssl.cnf', import.meta.url))}`
// So does V8. Requests under way outlive the 1 MiB that it begins with for new objects, and are copied again and again: with 4 a proxied
// request costs a tenth less.
const room = isSet('semi-space') ? [] : ['--min-semi-space-size=4']
// On a single CPU the collector's own threads would only take turns with the one that answers, which then pauses for tens of milliseconds.
const collector = availableParallelism() > 1 || isSet('single-threaded-gc') ? [] : ['--single-threaded-gc']
const heap = [...room, ...collector]
const words = process.argv.slice(1)

if (!(major > needed[0] || (major === needed[0] && minor >= needed[1]))) handOver(pinnedNode())
else if (words[1] === 'serve' && !opensslIsSet() && mayStartAgain()) startAgain()
else await start()

/** Whether somebody else has said how OpenSSL is to be set up, or we already. */
function opensslIsSet() {
  return !!process.env.OPENSSL_CONF || isSet('--openssl-')
}

function isSet(option) {
  return [process.env.NODE_OPTIONS ?? '', ...process.execArgv].some(each => each.includes(option))
}

/** Not where another process holds a channel to this one, nor where OpenSSL is the system's. */
function mayStartAgain() {
  return !process.channel && !process.config.variables.node_shared_openssl && process.platform !== 'win32'
}

/** The same process under the same number, with our settings. */
function startAgain() {
  process.execve(process.execPath, [process.execPath, openssl, ...heap, ...process.execArgv, ...words], process.env)
}

async function start() {
  if (process.env.COUNTERSIGN_LAUNCHED && process.channel) {
    // The launcher below was killed without a chance to pass the signal on: end as it did, rather than live on unowned.
    process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
    process.channel.unref()
  }
  delete process.env.COUNTERSIGN_LAUNCHED
  const source = new URL('../src/cli/main.ts', import.meta.url)
  const developed = existsSync(source)
  if (!developed) keepCompiledCode()
  const { run } = await import(developed ? source.href : new URL('../dist/program/main.js', import.meta.url).href)
  await run()
}

/**
 * The next start is quicker. What lies there is run as it is, so it lies where only this user writes, and never where Node would put it, in a
 * folder for temporary files. No place, or no right to write there: it goes without.
 */
function keepCompiledCode() {
  // systemd names the one that CacheDirectory= made (systemd.exec(5)). Not $HOME: sudo may leave the caller's there.
  const folder = process.env.CACHE_DIRECTORY?.split(':')[0] || process.env.XDG_CACHE_HOME || homeCache()
  if (!folder || !isAbsolute(folder)) return
  const own = join(folder, 'countersign')
  if (onlyThisUserWrites(own)) nodeModule.enableCompileCache(own)
}

function onlyThisUserWrites(folder) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(folder)
    return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0)
  } catch {
    return false
  }
}

function homeCache() {
  try {
    return join(userInfo().homedir, '.cache')
  } catch {
    return undefined // a user without an entry, as in containers
  }
}

function pinnedNode() {
  const require = createRequire(import.meta.url)
  try {
    return require.resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return fail(
      `needs Node ${needed.join('.')} or newer; this is ${process.versions.node}, and the pinned one is not installed`,
      'Run `npm ci` where package.json is (without --omit=optional), or install a newer Node.',
    )
  }
}

function handOver(node) {
  const child = spawn(node, [...(opensslIsSet() ? [] : [openssl]), ...heap, ...words], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, COUNTERSIGN_LAUNCHED: '1' },
  })
  // A terminal sends these two to the child as well: passing them on would deliver them twice.
  const byTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY ? ['SIGINT', 'SIGQUIT'] : []
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR2']) {
    process.on(signal, () => byTerminal.includes(signal) || child.kill(signal))
  }
  child.on('error', error =>
    fail(`cannot run ${node}: ${error.message}`, 'Run `npm ci` again, or install a newer Node.'),
  )
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function fail(message, remedy) {
  process.stderr.write(`countersign: ${message}\n  ${remedy}\n`)
  process.exit(3)
}
