import { hash, randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { DirectoryUser } from '../users/directory.ts'
import type { AuthenticationRequest } from './authenticator.ts'
import { cookieValues } from './cookies.ts'
import { type Named, sessionCookie } from './sessions.ts'

/** What somebody who signed in by password has shown, and on what it rests. */
export interface PasswordSession {
  readonly user: string
  readonly tenant: string
  /** of the user, who may be another one under the same name tomorrow */
  readonly id: string
  /** when the password was set that was shown */
  readonly passwordChanged: number | undefined
  /** of the certificate that the client held then, without which the session opens nothing; undefined: it held none */
  readonly thumbprint: string | undefined
}

/**
 * Sessions of clients that signed in by password once (`AuthenticationAdmin.login`). Unlike those of certificates their cookie does prove
 * something, as the password would; and with the password, the user and the certificate of the sign-in it ends.
 */
export interface PasswordSessions {
  /** The value for Set-Cookie. A session of before that the request names ends. */
  begin(user: SignedIn, certificate: Named | undefined, cookie: CookieField): string
  /** The session that the request names, which lives on for another while. */
  find(certificate: Named | undefined, cookie: CookieField): PasswordSession | undefined
  /** Whether a session of this user is alive, on this certificate or without one. */
  of(user: { readonly user: string; readonly tenant: string }, thumbprint: string | undefined): PasswordSession[]
  /** Ends the sessions that the request names. */
  close(certificate: Named | undefined, cookie: CookieField): void
  end(session: PasswordSession): void
  readonly size: number
}

type SignedIn = Pick<DirectoryUser, 'id' | 'name' | 'tenant' | 'passwordChanged'>

type CookieField = AuthenticationRequest['headers'][string]

/** Milliseconds without a request after which a session ends, as in the web.xml of Carbon; and at the latest. */
const idle = 15 * 60_000
const longest = 12 * 3_600_000
const maxSessions = 10_000
/** Clients that keep no cookies push out their own sessions only. */
const maxPerUser = 32
/** 192 bits */
const form = /^[A-Za-z0-9_-]{32}$/

interface Kept extends PasswordSession {
  /** SHA-256 of the identifier, which itself is known to the client alone */
  readonly key: string
  readonly since: number
  used: number
}

/** In memory. */
export function createPasswordSessions(clock: Clock): PasswordSessions {
  /** in the order in which they were used last */
  const sessions = new Map<string, Kept>()
  const byUser = new Map<string, Set<Kept>>()

  function named(thumbprint: string | undefined, cookie: CookieField): Kept[] {
    const found: Kept[] = []
    for (const value of cookieValues(cookie, sessionCookie)) {
      const session = form.test(value) ? sessions.get(keyOf(value)) : undefined
      if (session === undefined || !isOn(session, thumbprint)) continue
      if (isAlive(session)) found.push(session)
      else end(session)
    }
    return found
  }

  function isAlive({ used, since }: Kept): boolean {
    return clock.now() - used < idle && clock.now() - since < longest
  }

  function end(session: PasswordSession): void {
    // It may have been told to another process, and come back from there.
    const kept = sessions.get((session as Kept).key)
    if (kept === undefined) return
    sessions.delete(kept.key)
    const others = byUser.get(userKey(kept))
    others?.delete(kept)
    if (others?.size === 0) byUser.delete(userKey(kept))
  }

  return {
    begin({ id, name, tenant, passwordChanged }, certificate, cookie) {
      for (const before of named(certificate?.thumbprint, cookie)) end(before)
      const identifier = randomBytes(24).toString('base64url')
      const now = clock.now()
      const proof = { user: name, tenant, id, passwordChanged, thumbprint: certificate?.thumbprint }
      const session: Kept = { ...proof, key: keyOf(identifier), since: now, used: now }
      const others = byUser.get(userKey(session)) ?? new Set()
      if (others.size >= maxPerUser) end(others.values().next().value!)
      if (sessions.size >= maxSessions) end(sessions.values().next().value!)
      sessions.set(session.key, session)
      others.add(session)
      byUser.set(userKey(session), others)
      return `${sessionCookie}=${identifier}; Path=/; Secure; HttpOnly; SameSite=Strict`
    },
    find(certificate, cookie) {
      const [session] = named(certificate?.thumbprint, cookie)
      if (session === undefined) return undefined
      session.used = clock.now()
      sessions.delete(session.key)
      sessions.set(session.key, session)
      return session
    },
    of(user, thumbprint) {
      return [...(byUser.get(userKey(user)) ?? [])].filter(each => isAlive(each) && isOn(each, thumbprint))
    },
    close(certificate, cookie) {
      for (const session of named(certificate?.thumbprint, cookie)) end(session)
    },
    end,
    get size() {
      return sessions.size
    },
  }
}

function isOn(session: PasswordSession, thumbprint: string | undefined): boolean {
  return session.thumbprint === undefined || session.thumbprint === thumbprint
}

function keyOf(identifier: string): string {
  return hash('sha256', identifier, 'base64')
}

// A tenant has no blanks.
function userKey({ tenant, user }: { readonly tenant: string; readonly user: string }): string {
  return `${tenant} ${user}`
}
