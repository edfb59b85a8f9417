import { randomBytes } from 'node:crypto'

const prefix = randomBytes(6).toString('base64url')
let count = 0

/** Unique among all requests of all processes, not secret: eight random characters of this process, and a number. */
export function nextRequestId(): string {
  count += 1
  return `${prefix}-${count}`
}
