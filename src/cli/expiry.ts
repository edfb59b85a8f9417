import type { Terminal } from './terminal.ts'

const day = 86_400_000

/** Days that are left, in colour where somebody should act: yellow in the last thirty, red after. */
export function expiry(terminal: Pick<Terminal, 'style'>, notAfter: number, now: number): string {
  const days = Math.floor(Math.abs(notAfter - now) / day)
  const count = `${days} ${days === 1 ? 'day' : 'days'}`
  if (notAfter < now) return terminal.style('red', `expired ${count} ago`)
  return days <= 30 ? terminal.style('yellow', `in ${count}`) : `in ${count}`
}
