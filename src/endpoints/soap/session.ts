import { passwordSessionName } from '../../identity/authn/password-session.ts'
import type { Exchange } from '../../server/http/exchange.ts'
import { accessOf } from '../guard.ts'
import type { CallSession } from './call.ts'
import type { SoapSource } from './soap.ts'

/** Begins and ends sessions for one request; what the client is to keep of it goes to `cookies`. */
export function openCallSession(
  { sessions, passwordSessions, events }: Pick<SoapSource, 'sessions' | 'passwordSessions' | 'events'>,
  exchange: Exchange,
  cookies: string[],
): CallSession {
  const { cookie } = exchange.headers
  const certificate = exchange.peer.judgement()?.certificate
  const close = async (): Promise<string> => {
    await passwordSessions.close(certificate, cookie)
    return sessions.close(certificate, cookie)
  }
  return {
    async begin(user) {
      // One of before is not gone on with: its cookie may be known to somebody.
      await close()
      cookies.push(await passwordSessions.begin(user, certificate, cookie))
      events.accessGranted({
        ...accessOf(exchange, certificate),
        user: user.name,
        tenant: user.tenant,
        authenticatedBy: passwordSessionName,
        binding: null,
        first: true,
      })
    },
    refuse() {
      const detail = 'The user name or the password is wrong, or the user may not sign in to services.'
      events.accessRefused({ ...accessOf(exchange, certificate), code: 'credentials_invalid', detail })
    },
    async end() {
      cookies.push(await close())
    },
  }
}
