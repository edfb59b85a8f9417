// npm run soak -- --minutes N: everything at once, for a long time. Ends with 1 when memory or handles grow, or something failed that
// nobody caused. See docs/soak.md.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { scratchFolder } from '../test/support/scratch.ts'
import { serverProcess } from '../test/support/server-process.ts'
import { actors, type Stage, until, userNames } from './actors.ts'
import { growth, type Sample } from './growth.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '5' } } })
const minutes = Number(values.minutes)
if (!(minutes > 0)) {
  process.stderr.write('usage: npm run soak -- --minutes N\n')
  process.exit(2)
}

const upstream = createServer((request, response) => {
  request.resume().on('end', () => response.end('from the upstream'))
}).listen(0, '127.0.0.1')
await new Promise(resolve => upstream.once('listening', resolve))
const route = {
  path: '/app/*',
  upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
  require: ['mutual-tls'],
}
const server = await serverProcess({
  folder: scratchFolder(),
  users: userNames,
  routes: [route],
  // A heap that is small shows growth sooner.
  flags: ['--max-old-space-size=192'],
})
const stage: Stage = { server, route, over: false, counts: new Map(), failures: [] }
const samples: Sample[] = []
const begin = performance.now()
try {
  const running = actors.map(({ name, act }) => until(stage, name, act))
  process.stdout.write('   s   memory MB  handles  done\n')
  const every = Math.max(1_000, (minutes * 60_000) / 30)
  while (performance.now() - begin < minutes * 60_000) {
    await new Promise(resolve => setTimeout(resolve, every))
    const { rssMegabytes, handles } = server.usage()
    const done = stage.counts.values().reduce((sum, count) => sum + count, 0)
    const seconds = Math.round((performance.now() - begin) / 1000)
    samples.push({ seconds, rssMegabytes, handles })
    tell(
      [
        String(seconds).padStart(4),
        rssMegabytes.toFixed(0).padStart(11),
        String(handles).padStart(8),
        String(done).padStart(5),
      ].join(' '),
    )
  }
  stage.over = true
  await Promise.all(running)
} finally {
  const { code, signal } = await server.stop()
  upstream.closeAllConnections()
  upstream.close()
  tell('')
  for (const [name, count] of stage.counts) tell(`${String(count).padStart(8)}  ${name}`)
  const faults = [...growth(samples), ...stage.failures.slice(0, 20)]
  if (code !== 0) faults.push(`the server ended with ${signal ?? code}: ${server.log.slice(-3).join(' ')}`)
  for (const fault of faults) tell(`FAULT: ${fault}`)
  tell(
    `${minutes} min, Node ${process.version}: ${faults.length === 0 ? 'no growth, no error that was not caused' : `${stage.failures.length} failures`}`,
  )
  if (faults.length > 0) process.exitCode = 1
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`)
}
