// A process of its own that appends COUNT records: FILE NAME COUNT [wait for NAME] [move]
import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '../../../src/clock.ts'
import { silentLog } from '../../../src/log.ts'
import { openAudit } from '../../../src/telemetry/audit/audit.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { with: { type: 'string' }, move: { type: 'boolean' } },
})
const [file = '', name = '', count = '0'] = positionals
const audit = await openAudit({ file, clock: systemClock, log: silentLog, flushInterval: 1 })
if (values.with !== undefined) {
  writeFileSync(`${file}.${name}`, '')
  while (!existsSync(`${file}.${values.with}`)) await sleep(1)
}
let moved = 0
for (let i = 0; i < Number(count); i++) {
  audit.append('access-granted', { text: `${name}${i}` })
  if (i % 20 === 0) await sleep(2)
}
// with --move: a disk that is full is answered by moving the file away
for (;;) {
  try {
    await audit.flush()
    break
  } catch (error) {
    if (!values.move) throw error
    console.log((error as { code?: string }).code)
    renameSync(file, `${file}.${++moved}`)
  }
}
await audit[Symbol.asyncDispose]()
