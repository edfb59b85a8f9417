import type { Call } from '../call.ts'
import { type Fault, fault } from '../message/fault.ts'
import { notOffered } from './refusals.ts'

export interface PasswordGuess {
  readonly tenant: string
  readonly name: string
  readonly password: string
}

/**
 * Whether this is the user's password, counted like every other attempt to sign in (CVE-2024-2323: a service that says yes or no is a place
 * to guess at). A locked account has no right password. The fault: too many attempts.
 */
export async function checkPassword(call: Call, guess: PasswordGuess): Promise<'right' | 'wrong' | Fault> {
  const { remoteAddress } = call
  const result = await call.login({ ...guess, remoteAddress })
  if (result.kind === 'accepted') return 'right'
  if (result.kind !== 'throttled') return 'wrong'
  const { retryAfterSeconds } = result
  call.events.passwordThrottled({ remoteAddress, retryAfterSeconds })
  const detail = `Try again in ${retryAfterSeconds} s.`
  return fault('server', `Too many attempts to sign in. ${detail}`, {
    told: { code: 'attempts_throttled', detail, remedy: 'Wait. Attempts made before that are not looked at.' },
  })
}

/** To whoever shows a password where none is taken. */
export const passwordsRefused = notOffered(
  'Sign-in by password is switched off.',
  'Present a client certificate, or ask the administrator about authenticators.basic.',
)
