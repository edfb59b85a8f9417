// Loads the list of a folder, watches the event loop meanwhile, and tells its parent what it cost.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readListFile } from '../src/identity/revocation/list-files.ts'
import { parseCertificate } from '../src/pki/x509/certificate.ts'
import { readPem } from '../src/pki/x509/pem.ts'
import { serialAt } from '../test/support/large-crl.ts'

export interface CrlFigures {
  readonly loadMs: number
  readonly longestPauseMs: number
  /** octets of buffers that stay */
  readonly bytes: number
  readonly residentBytes: number
  readonly lookupUs: number
}

const folder = process.argv[2] ?? '.'
const [authority] = readPem(await readFile(join(folder, 'ca.crt')))
const issuer = parseCertificate(authority!.der)
const file = join(folder, 'ca.crl')
await settle()
const before = process.memoryUsage()

// A timer that should come each millisecond: how late it comes is how long nobody was served.
let last = performance.now()
let longest = 0
const watch = setInterval(() => {
  const now = performance.now()
  longest = Math.max(longest, now - last)
  last = now
}, 1)
const start = performance.now()
const { crls } = await readListFile(file, [issuer])
const loadMs = performance.now() - start
await sleep(5)
clearInterval(watch)

const [crl] = crls
if (crl?.size === undefined || crl.find(serialAt(1)).length !== 1) throw new Error('the list was not loaded')
await settle()
const after = process.memoryUsage()
process.send?.({
  loadMs,
  longestPauseMs: longest,
  bytes: after.arrayBuffers - before.arrayBuffers,
  residentBytes: after.rss - before.rss,
  lookupUs: lookUps(),
} satisfies CrlFigures)

/** Microseconds of one look-up: serial numbers all over the list, every other one not in it. */
function lookUps(): number {
  const size = crl!.size
  const serials = Array.from({ length: 200_000 }, (_, i) => serialAt((i * 7919) % (2 * size)))
  const begin = performance.now()
  for (const serial of serials) crl!.find(serial)
  return ((performance.now() - begin) / serials.length) * 1000
}

async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await sleep(50)
  }
}
