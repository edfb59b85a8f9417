// npm run fuzz -- --minutes N [--seed S] [--target T]… [--executions N] [--keep FOLDER] [--input FILE]: hostile input for every parser. See docs/fuzzing.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { campaign } from './campaign.ts'
import { targets } from './targets/all.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    target: { type: 'string', multiple: true, default: [] },
    executions: { type: 'string' },
    input: { type: 'string' },
    keep: { type: 'string' },
  },
})
const unknown = values.target.filter(name => targets.every(target => target.name !== name))
const minutes = Number(values.minutes)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const executions = values.executions === undefined ? {} : { executions: Number(values.executions) }
if (unknown.length > 0 || !(minutes > 0) || !Number.isSafeInteger(seed)) {
  const names = targets.map(({ name }) => name).join(' ')
  process.stderr.write(`usage: npm run fuzz -- --minutes N [--seed S] [--target T]…\ntargets: ${names}\n`)
  process.exitCode = 2
} else if (values.input !== undefined) await again(readFileSync(values.input))
else await run()

/** What one input does: for those that a campaign found. */
async function again(input: Buffer): Promise<void> {
  for (const target of targets.filter(({ name }) => values.target.includes(name)))
    process.stdout.write(`${target.name}: ${await target.run(input)}\n`)
}

async function run(): Promise<void> {
  process.stderr.write(`seed ${seed}, ${minutes} min, Node ${process.version}\n`)
  const { counts, findings } = await campaign({
    file: join(import.meta.dirname, 'targets/all.ts'),
    seed,
    milliseconds: minutes * 60_000,
    only: values.target,
    ...executions,
    onFinding({ target, index, input, what }) {
      const octets = input.length > 6000 ? `${input.length} octets` : input.toString('base64')
      process.stdout.write(`\nFOUND in ${target}, number ${index}\n${what}\ninput (base64): ${octets}\n`)
      if (values.keep !== undefined) writeFileSync(join(values.keep, `${target}-${seed}-${index}`), input)
    },
  })
  const rows = Object.entries(counts).map(([name, { executions, kept, slowestMs }]) =>
    [name.padEnd(18), String(executions).padStart(10), String(kept).padStart(6), slowestMs.toFixed(0).padStart(8)].join(
      ' ',
    ),
  )
  const all = Object.values(counts).reduce((sum, count) => sum + count.executions, 0)
  process.stdout.write(
    `\n${['target'.padEnd(18), 'executions', '  kept', 'slowest ms'].join(' ')}\n${rows.join('\n')}\n`,
  )
  process.stdout.write(`${all} executions, seed ${seed}, ${findings.length} findings\n`)
  if (findings.length > 0) process.exitCode = 1
}
