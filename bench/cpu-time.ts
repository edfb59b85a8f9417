import { readdirSync, readFileSync } from 'node:fs'

/** Nanoseconds of CPU that a process and all that descend from it have used, user and system, all threads (Linux). */
export function cpuTime(pid: number): number {
  let sum = 0
  for (const member of processTree(pid)) {
    for (const thread of entries(`/proc/${member}/task`)) {
      sum += Number(text(`/proc/${member}/task/${thread}/schedstat`).split(' ')[0] ?? 0)
    }
  }
  return sum
}

/** Bytes of memory, shared pages counted by their share where the kernel tells (PSS), and the most that was ever resident. */
export function memory(pid: number): { now: number; peak: number } {
  let now = 0
  let peak = 0
  for (const member of processTree(pid)) {
    const status = text(`/proc/${member}/status`)
    const pss = kilobytes(text(`/proc/${member}/smaps_rollup`), 'Pss')
    now += pss ?? kilobytes(status, 'VmRSS') ?? 0
    peak += kilobytes(status, 'VmHWM') ?? 0
  }
  return { now: now * 1024, peak: peak * 1024 }
}

function processTree(pid: number): number[] {
  const children = entries(`/proc/${pid}/task`).flatMap(thread =>
    text(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(processTree)]
}

function kilobytes(page: string, field: string): number | undefined {
  const value = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(page)?.[1]
  return value === undefined ? undefined : Number(value)
}

/** A thread may end while we look. */
function text(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
