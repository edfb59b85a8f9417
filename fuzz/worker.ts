// Runs inputs one after the other, for as long as nobody says stop. Whoever hangs here is ended from outside (fuzz.ts).
import { parentPort, workerData } from 'node:worker_threads'
import { Random } from './random.ts'
import { type Count, type Found, flag, type Order, type Progress, viewShared } from './shared.ts'
import type { Target } from './target.ts'

const order = workerData as Order
const shared = viewShared(order.memory)
const { targets } = (await import(order.module)) as { targets: readonly Target[] }
const keptAtMost = 400
/** Larger inputs are tried, but not bred from: they cost time and show little. */
const keptLength = 12_000
Error.stackTraceLimit = 5

interface State {
  readonly target: Target
  readonly number: number
  readonly seen: Set<string>
  readonly corpus: Buffer[]
  index: number
  executions: number
  slowestMs: number
}

const states: State[] = targets
  .map((target, number) => ({
    target,
    number,
    seen: new Set<string>(),
    corpus: [...target.seeds],
    index: order.from[target.name] ?? 0,
    executions: 0,
    slowestMs: 0,
  }))
  .filter(({ target }) => order.only.includes(target.name))

let total = 0
let told = performance.now()
for (const state of states) for (const seed of state.target.seeds) await execute(state, seed)
while (Atomics.load(shared.flags, flag.stop) === 0 && total < order.executions) {
  for (const state of states) {
    for (let i = 0; i < state.target.weight && total < order.executions; i++) {
      if (Atomics.load(shared.flags, flag.stop) !== 0) break
      await execute(state, next(state))
      total += 1
    }
  }
}
tell(true)

/** The input with this number: from the seed, the target and the number alone, as long as the corpus came the same way. */
function next({ target, number, index, corpus }: State): Buffer {
  const random = new Random(order.seed, number + 1, index)
  let input = random.one(corpus)
  for (let rounds = 1 + random.below(4); rounds > 0; rounds--) input = target.mutate(input, random, corpus)
  return input
}

async function execute(state: State, input: Buffer): Promise<void> {
  const { target, seen, corpus } = state
  shared.input.set(input.subarray(0, shared.input.length))
  shared.flags[flag.target] = state.number
  shared.flags[flag.index] = state.index
  shared.flags[flag.length] = Math.min(input.length, shared.input.length)
  const began = performance.now()
  shared.began[0] = Date.now()
  Atomics.store(shared.flags, flag.running, 1)
  try {
    const running = target.run(input)
    const outcome = typeof running === 'string' ? running : await running
    if (!seen.has(outcome) && seen.size < keptAtMost && input.length <= keptLength) {
      seen.add(outcome)
      corpus.push(Buffer.from(input))
    }
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const found: Found = { kind: 'found', target: target.name, index: state.index, input, what }
    parentPort?.postMessage(found)
  }
  Atomics.store(shared.flags, flag.running, 0)
  const now = performance.now()
  state.slowestMs = Math.max(state.slowestMs, now - began)
  state.index += 1
  state.executions += 1
  if (now - told > 500) tell(false)
}

function tell(last: boolean): void {
  told = performance.now()
  const counts: Record<string, Count> = {}
  for (const { target, executions, corpus, slowestMs } of states)
    counts[target.name] = { executions, kept: corpus.length - target.seeds.length, slowestMs }
  const progress: Progress = { kind: 'progress', last, counts }
  parentPort?.postMessage(progress)
}
