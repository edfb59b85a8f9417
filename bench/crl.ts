// npm run bench -- crl [--entries N] [--json FILE]: a large revocation list, loaded while the event loop is watched. See README.md.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writePem } from '../src/pki/x509/pem.ts'
import { testAuthority } from '../test/support/certificates.ts'
import { largeCrl } from '../test/support/large-crl.ts'
import { memory } from './cpu-time.ts'
import type { CrlFigures } from './crl-load.ts'
import { answering, freePort, stop } from './process.ts'

interface Row {
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly peer?: string
}

/** Prints the figures. */
export async function benchCrl(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { entries: { type: 'string' }, json: { type: 'string' } } })
  const entries = Number(values.entries ?? 1_000_000)
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  try {
    const der = make(folder, entries)
    process.stderr.write(`${entries.toLocaleString('en')} entries, ${megabytes(der.length)} MB of DER\n`)
    const rows: Row[] = [
      ...(await load(folder, 'countersign', entries)),
      ...(await load(folder, 'pkijs', entries)),
      ...(await nginx(folder)),
    ]
    for (const { name, unit, value, peer } of rows) {
      process.stdout.write(`${name.padEnd(24)}${(peer ?? 'countersign').padEnd(14)}${value.toFixed(2)} ${unit}\n`)
    }
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ metrics: rows }, null, 2)}\n`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function make(folder: string, entries: number): Buffer {
  const authority = testAuthority({ name: 'Large CA' })
  const server = authority.issueServer()
  const der = largeCrl({ issuer: authority.certificate.subject, signingKey: authority.privateKey, entries })
  writeFileSync(join(folder, 'ca.crl'), der)
  writeFileSync(join(folder, 'ca.pem'), writePem('X509 CRL', der))
  writeFileSync(join(folder, 'ca.crt'), authority.pem)
  writeFileSync(join(folder, 'server.crt'), server.chainPem)
  writeFileSync(join(folder, 'server.key'), server.keyPem)
  return der
}

/** In a process of its own, whose memory holds nothing else. */
async function load(folder: string, reader: string, entries: number): Promise<Row[]> {
  const args = ['--expose-gc', '--max-old-space-size=12288', join(import.meta.dirname, 'crl-load.ts')]
  const child = spawn(process.execPath, [...args, folder, reader, String(entries)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const figures = await new Promise<CrlFigures>((resolve, reject) => {
    child.once('message', message => resolve(message as CrlFigures))
    child.once('exit', code => reject(new Error(`the process that loads the list with ${reader} ended with ${code}`)))
  })
  const peer = reader === 'countersign' ? {} : { peer: reader }
  return [
    { name: 'crl_load', unit: 'ms', value: figures.loadMs, ...peer },
    { name: 'crl_longest_pause', unit: 'ms', value: figures.longestPauseMs, ...peer },
    { name: 'crl_memory', unit: 'MB', value: megabytes(figures.bytes), ...peer },
    { name: 'crl_memory_resident', unit: 'MB', value: megabytes(figures.residentBytes), ...peer },
    { name: 'crl_lookup', unit: 'us', value: figures.lookupUs, ...peer },
  ]
}

/** What the list costs nginx: the same server with it and without it, from the start to the first connection. */
async function nginx(folder: string): Promise<Row[]> {
  if (spawnSync('nginx', ['-v']).error !== undefined) {
    process.stderr.write('nginx is not installed: it is left out\n')
    return []
  }
  const without = await startOnce(folder, 'without', '')
  const list = await startOnce(folder, 'with', `ssl_crl ${folder}/ca.pem;`)
  return [
    { name: 'crl_load', unit: 'ms', value: list.startMs - without.startMs, peer: 'nginx' },
    { name: 'crl_memory_resident', unit: 'MB', value: megabytes(list.bytes - without.bytes), peer: 'nginx' },
  ]
}

async function startOnce(folder: string, name: string, crl: string): Promise<{ startMs: number; bytes: number }> {
  const port = await freePort()
  const config = join(folder, `${name}.conf`)
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    config,
    `daemon off; worker_processes 1; pid ${folder}/${name}.pid; events {}
http { access_log off; ${paths.map(path => `${path}_temp_path ${folder}/${path};`).join(' ')}
  server { listen 127.0.0.1:${port} ssl; ssl_certificate ${folder}/server.crt; ssl_certificate_key ${folder}/server.key;
    ssl_verify_client on; ssl_client_certificate ${folder}/ca.crt; ${crl} } }\n`,
  )
  const start = performance.now()
  const child = spawn('nginx', ['-c', config, '-p', folder, '-e', join(folder, `${name}.log`)], { stdio: 'ignore' })
  try {
    await answering(port)
    return { startMs: performance.now() - start, bytes: memory(child.pid!).now }
  } finally {
    await stop(child)
  }
}

const megabytes = (bytes: number) => bytes / 1e6
