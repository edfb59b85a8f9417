import { hash, randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import type { AuthenticationRequest, Principal } from './authenticator.ts'
import { cookieValues } from './cookies.ts'
import { mutualTlsName } from './mutual-tls.ts'

/** As WSO2's products call it; their clients know it by that name. */
export const sessionCookie = 'JSESSIONID'

/** Who a session was opened for, and on which certificate. It proves nothing: it selects, among what that certificate may do now. */
export interface Session {
  readonly user: string
  readonly tenant: string
  readonly thumbprint: string
}

/**
 * Sessions of clients that came by a certificate: they save the client naming its user in each request. One counts only on a connection
 * on which the handshake proved the key of the same certificate, and only for a user whom that certificate may act as then.
 */
export interface Sessions {
  /**
   * The session that a request belongs to: the value for the Set-Cookie field of its answer. undefined: there is none to send, since the
   * request came by the session already, brought its cookie along, or was authenticated by something else than its certificate.
   */
  open(principal: Came, cookie: CookieField): string | undefined
  /** Ends the sessions of this certificate that the request names: the value for Set-Cookie that makes the client forget them. */
  close(certificate: Named | null | undefined, cookie: CookieField): string
  /** The session of this certificate that the request names, which lives on for another while. */
  find(certificate: Named, cookie: CookieField): Session | undefined
  /** Ends one that does not hold any more. */
  end(session: Session): void
  readonly size: number
}

/** what tells a certificate from all others */
export type Named = Pick<Certificate, 'thumbprint'>

type Came = Pick<Principal, 'user' | 'tenant' | 'authenticatedBy'> & { readonly certificate: Named | null }

type CookieField = AuthenticationRequest['headers'][string]

/** Milliseconds without a request after which a session ends, as in the web.xml of Carbon. */
const idle = 15 * 60_000
/** About 300 bytes each. The one that was not used for longest goes first. */
const maxSessions = 10_000
/** Clients that keep no cookies open a session with each request: they push out their own only. */
const maxPerClient = 8
/** 192 bits */
const form = /^[A-Za-z0-9_-]{32}$/

interface Kept extends Session {
  /** SHA-256 of the identifier, which itself is known to the client alone */
  readonly key: string
  used: number
}

/** In memory. */
export function createSessions(clock: Clock): Sessions {
  /** in the order in which they were used last */
  const sessions = new Map<string, Kept>()
  const byClient = new Map<string, Set<Kept>>()

  function named(thumbprint: string, cookie: CookieField): Kept[] {
    const found: Kept[] = []
    for (const value of cookieValues(cookie, sessionCookie)) {
      const session = form.test(value) ? sessions.get(keyOf(value)) : undefined
      // Whoever has only the cookie learns nothing of it, and ends nothing.
      if (session === undefined || session.thumbprint !== thumbprint) continue
      if (clock.now() - session.used < idle) found.push(session)
      else end(session)
    }
    return found
  }

  function end(session: Session): void {
    // It may have been told to another process, and come back from there.
    const kept = sessions.get((session as Kept).key)
    if (kept === undefined) return
    sessions.delete(kept.key)
    const client = clientOf(kept)
    const others = byClient.get(client)
    others?.delete(kept)
    if (others?.size === 0) byClient.delete(client)
  }

  function keep(session: Kept): void {
    const client = clientOf(session)
    const others = byClient.get(client) ?? new Set()
    if (others.size >= maxPerClient) end(leastUsed(others))
    if (sessions.size >= maxSessions) end(sessions.values().next().value!)
    sessions.set(session.key, session)
    others.add(session)
    byClient.set(client, others)
  }

  return {
    open({ user, tenant, authenticatedBy, certificate }, cookie) {
      if (authenticatedBy !== mutualTlsName || certificate === null) return undefined
      const { thumbprint } = certificate
      const before = named(thumbprint, cookie)
      if (before.some(session => session.user === user && session.tenant === tenant)) return undefined
      for (const session of before) end(session)
      const id = randomBytes(24).toString('base64url')
      keep({ user, tenant, thumbprint, key: keyOf(id), used: clock.now() })
      return `${sessionCookie}=${id}; ${attributes}`
    },
    close(certificate, cookie) {
      if (certificate) for (const session of named(certificate.thumbprint, cookie)) end(session)
      return `${sessionCookie}=; Max-Age=0; ${attributes}`
    },
    find({ thumbprint }, cookie) {
      const [session] = named(thumbprint, cookie)
      if (session === undefined) return undefined
      session.used = clock.now()
      sessions.delete(session.key)
      sessions.set(session.key, session)
      return session
    },
    end,
    get size() {
      return sessions.size
    },
  }
}

/** The path is the original's: the services of a tenant stand below another one than the others. */
const attributes = 'Path=/; Secure; HttpOnly; SameSite=Strict'

function keyOf(id: string): string {
  return hash('sha256', id, 'base64')
}

// No two of these run together: a thumbprint is hex, a tenant has no blanks.
function clientOf({ thumbprint, tenant, user }: Session): string {
  return `${thumbprint} ${tenant} ${user}`
}

function leastUsed(sessions: Iterable<Kept>): Kept {
  const [first, ...rest] = sessions
  return rest.reduce((least, each) => (each.used < least.used ? each : least), first!)
}
