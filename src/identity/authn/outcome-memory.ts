import type { Epoch } from '../trust/epoch.ts'
import type { Judgement } from '../trust/trust.ts'
import type { AuthenticationRequest, Authenticator, Outcome } from './authenticator.ts'

type HeaderValue = string | readonly string[] | undefined

interface Remembered {
  readonly authenticator: Authenticator
  readonly values: readonly HeaderValue[]
  readonly assertedUser: string | undefined
  readonly outcome: Outcome
}

/** Asks an authenticator, or remembers what it said. */
export type Ask = (authenticator: Authenticator, request: AuthenticationRequest) => Outcome | Promise<Outcome>

/** A client with a binding to many users may name one after the other; more than these are worked out each time. */
const maxPerClient = 8

/**
 * What a certificate proved is remembered with the judgement of that certificate: for every connection of the client, until the
 * trust epoch moves on or the verdict runs out, since either makes a new judgement. Only acceptances are, only of authenticators
 * that say what they are made from, and only when nothing moved while they were made.
 */
export function createOutcomeMemory(epoch: Epoch): Ask {
  const memory = new WeakMap<Judgement, Remembered[]>()

  return (authenticator, request) => {
    const { judgement } = request
    const { reads } = authenticator
    if (reads === undefined || judgement === undefined || request.claimedBy !== undefined) {
      return authenticator.authenticate(request)
    }
    if (judgement.epoch !== epoch.value)
      throw new Error('a judgement of another trust epoch came to the authenticators')
    const known = memory.get(judgement)
    if (known !== undefined) {
      for (const one of known) if (one.authenticator === authenticator && sees(one, reads, request)) return one.outcome
    }
    const outcome = authenticator.authenticate(request)
    const keep = (made: Outcome): Outcome => {
      if (made.kind === 'accept' && judgement.epoch === epoch.value) {
        const values = reads.map(name => request.headers[name])
        remember(memory, judgement, { authenticator, values, assertedUser: request.assertedUser, outcome: made })
      }
      return made
    }
    return outcome instanceof Promise ? outcome.then(keep) : keep(outcome)
  }
}

function sees(
  { values, assertedUser }: Remembered,
  reads: readonly string[],
  { headers, assertedUser: asserted }: AuthenticationRequest,
): boolean {
  if (assertedUser !== asserted) return false
  for (let i = 0; i < reads.length; i++) if (values[i] !== headers[reads[i]!]) return false
  return true
}

function remember(memory: WeakMap<Judgement, Remembered[]>, judgement: Judgement, one: Remembered): void {
  const known = memory.get(judgement)
  if (known === undefined) memory.set(judgement, [one])
  else {
    if (known.length >= maxPerClient) known.shift()
    known.push(one)
  }
}
