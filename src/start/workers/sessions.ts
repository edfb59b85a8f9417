import type { Clock } from '../../clock.ts'
import type { Awaitable } from '../../identity/authn/awaitable.ts'
import { createPasswordSessions, type PasswordSessions } from '../../identity/authn/password-sessions.ts'
import { createSessions, type Sessions } from '../../identity/authn/sessions.ts'
import type { Answers, Channel } from './channel.ts'

/** Milliseconds after which a request is answered with a failure instead. */
const patience = 5_000

/** Sessions are held by the process that looks after the workers: a client comes to another one with each connection. */
export function holdSessions(clock: Clock): Answers {
  const sessions = createSessions(clock)
  const { open, close, find, end } = sessions
  const passwords = createPasswordSessions(clock)
  return {
    'session open': open,
    'session close': close,
    'session find': find,
    'session end': end,
    'password session begin': passwords.begin,
    'password session find': passwords.find,
    'password session of': passwords.of,
    'password session close': passwords.close,
    'password session end': passwords.end,
  }
}

export interface HeldSessions {
  readonly sessions: Awaitable<Sessions>
  readonly passwordSessions: Awaitable<PasswordSessions>
}

/** Asks for them there. Of certificates and users the rest is of no use to a session. */
export function askForSessions(channel: Channel): HeldSessions {
  const ask = <T>(what: string, ...values: unknown[]) => channel.ask(what, values, patience) as Promise<T>
  return {
    sessions: {
      open: ({ user, tenant, authenticatedBy, certificate }, cookie) =>
        ask('session open', { user, tenant, authenticatedBy, certificate: named(certificate) ?? null }, cookie),
      close: (certificate, cookie) => ask('session close', named(certificate), cookie),
      find: (certificate, cookie) => ask('session find', named(certificate), cookie),
      end: session => ask('session end', session),
    },
    passwordSessions: {
      begin: ({ id, name, tenant, passwordChanged }, certificate, cookie) =>
        ask('password session begin', { id, name, tenant, passwordChanged }, named(certificate), cookie),
      find: (certificate, cookie) => ask('password session find', named(certificate), cookie),
      of: ({ user, tenant }, thumbprint) => ask('password session of', { user, tenant }, thumbprint),
      close: (certificate, cookie) => ask('password session close', named(certificate), cookie),
      end: session => ask('password session end', session),
    },
  }
}

function named(certificate: { readonly thumbprint: string } | null | undefined): { thumbprint: string } | undefined {
  return certificate ? { thumbprint: certificate.thumbprint } : undefined
}
