import { type Node, patternError } from './pattern-syntax.ts'

type Step =
  | { readonly do: 'one'; readonly accepts: (character: string) => boolean }
  /** try `first`, then `second` */
  | { readonly do: 'split'; first: number; second: number }
  | { readonly do: 'jump'; to: number }
  | { readonly do: 'save'; readonly slot: number }
  /** forgets what the groups of a repetition held in the round before, as JavaScript does */
  | { readonly do: 'forget'; readonly from: number; readonly to: number }
  | { readonly do: 'done' }

export interface Program {
  readonly steps: readonly Step[]
  readonly slots: number
}

/** With the length of a value this bounds the work of one match. */
const maxSteps = 2000

/** Thompson's construction: counted repetitions are written out. Throws ERR_BINDING_PATTERN when that grows too long. */
export function compileProgram(source: string, node: Node, groups: number): Program {
  const steps: Step[] = []
  const emit = (step: Step): number => {
    if (steps.length >= maxSteps) throw patternError(source, 'is too complex: repeat less')
    return steps.push(step) - 1
  }
  const write = (part: Node): void => {
    switch (part.type) {
      case 'one':
        emit({ do: 'one', accepts: part.accepts })
        return
      case 'sequence':
        for (const item of part.items) write(item)
        return
      case 'choice':
        writeChoice(part.options)
        return
      case 'group':
        emit({ do: 'save', slot: part.index * 2 })
        write(part.item)
        emit({ do: 'save', slot: part.index * 2 + 1 })
        return
      case 'repeat':
        writeRepeat(part)
        return
    }
  }
  const writeChoice = (options: readonly Node[]): void => {
    const ends: number[] = []
    for (const [i, option] of options.entries()) {
      if (i === options.length - 1) {
        write(option)
        break
      }
      const split = emit({ do: 'split', first: 0, second: 0 })
      write(option)
      ends.push(emit({ do: 'jump', to: 0 }))
      steps[split] = { do: 'split', first: split + 1, second: steps.length }
    }
    for (const end of ends) steps[end] = { do: 'jump', to: steps.length }
  }
  const writeRepeat = ({ item, min, max, greedy }: Extract<Node, { type: 'repeat' }>): void => {
    const inner = groupsIn(item)
    const round = () => {
      if (inner !== undefined) emit({ do: 'forget', from: inner.first * 2, to: inner.last * 2 + 2 })
      write(item)
    }
    const branch = (at: number, into: number, past: number) => {
      steps[at] = greedy ? { do: 'split', first: into, second: past } : { do: 'split', first: past, second: into }
    }
    for (let i = 0; i < min; i++) round()
    if (max === Number.POSITIVE_INFINITY) {
      const split = emit({ do: 'split', first: 0, second: 0 })
      round()
      emit({ do: 'jump', to: split })
      branch(split, split + 1, steps.length)
      return
    }
    const splits: number[] = []
    for (let i = min; i < max; i++) {
      splits.push(emit({ do: 'split', first: 0, second: 0 }))
      round()
    }
    for (const split of splits) branch(split, split + 1, steps.length)
  }
  write(node)
  emit({ do: 'done' })
  return { steps, slots: (groups + 1) * 2 }
}

function groupsIn(node: Node): { first: number; last: number } | undefined {
  switch (node.type) {
    case 'one':
      return undefined
    case 'group':
      return { first: node.index, last: groupsIn(node.item)?.last ?? node.index }
    case 'repeat':
      return groupsIn(node.item)
    case 'sequence':
    case 'choice': {
      const found = (node.type === 'sequence' ? node.items : node.options).flatMap(item => groupsIn(item) ?? [])
      const [first] = found
      return first === undefined ? undefined : { first: first.first, last: found.at(-1)!.last }
    }
  }
}

interface Thread {
  readonly step: number
  readonly slots: readonly (number | undefined)[]
}

/**
 * Pike's machine: all ways through the program at once, in order of preference, each step at most once per character. It answers
 * what a backtracking matcher would find first, in time bounded by value times program.
 */
export function runProgram({ steps, slots }: Program, value: string): (string | undefined)[] | undefined {
  let visited = new Set<number>()
  let threads: Thread[] = []
  const follow = (step: number, kept: Thread['slots'], at: number, into: Thread[]): void => {
    if (visited.has(step)) return
    visited.add(step)
    const todo = steps[step]!
    switch (todo.do) {
      case 'split':
        follow(todo.first, kept, at, into)
        follow(todo.second, kept, at, into)
        return
      case 'jump':
        follow(todo.to, kept, at, into)
        return
      case 'save':
        follow(step + 1, kept.with(todo.slot, at), at, into)
        return
      case 'forget':
        follow(
          step + 1,
          kept.map((slot, i) => (i >= todo.from && i < todo.to ? undefined : slot)),
          at,
          into,
        )
        return
      default:
        into.push({ step, slots: kept })
    }
  }
  follow(0, Array.from({ length: slots }), 0, threads)
  let at = 0
  for (const character of value) {
    const next: Thread[] = []
    visited = new Set()
    at += character.length
    for (const { step, slots: kept } of threads) {
      const todo = steps[step]!
      if (todo.do === 'one' && todo.accepts(character)) follow(step + 1, kept, at, next)
    }
    if (next.length === 0) return undefined
    threads = next
  }
  const end = threads.find(({ step }) => steps[step]!.do === 'done')
  if (end === undefined) return undefined
  const groups: (string | undefined)[] = [value]
  for (let slot = 2; slot < slots; slot += 2) {
    const [from, to] = [end.slots[slot], end.slots[slot + 1]]
    groups.push(from === undefined || to === undefined ? undefined : value.slice(from, to))
  }
  return groups
}
