import { CodedError } from '../../../errors.ts'

/** UTF-8 bytes of the longest password. Argon2 itself has no limit that matters; the header of a request has. */
const maxBytes = 1024

/**
 * The form in which passwords are hashed, so that what is typed on one keyboard opens what was set on another: the OpaqueString
 * profile of RFC 8265 section 4.2 (other spaces become the space, then NFC; case and everything else stay), which RFC 7617 names for
 * Basic authentication. Undefined for what can be nobody's password: empty, too long, with control characters or half a character.
 */
export function passwordText(typed: string): string | undefined {
  if (typed.length > maxBytes) return undefined
  const text = typed.replace(/\p{Zs}/gu, ' ').normalize('NFC')
  if (text === '' || /[\p{Cc}\p{Cs}]/u.test(text) || Buffer.byteLength(text) > maxBytes) return undefined
  return text
}

/** The same for a password that is being set. Throws ERR_PASSWORD_UNFIT, which does not hold it. */
export function newPasswordText(typed: string): string {
  const text = passwordText(typed)
  if (text !== undefined) return text
  const reason = typed === '' ? 'is empty' : 'is too long or has control characters'
  throw new CodedError('ERR_PASSWORD_UNFIT', `the password ${reason}`, {
    remedy: `Choose one of at most ${maxBytes} bytes that can be typed, without line breaks and tabs.`,
  })
}
