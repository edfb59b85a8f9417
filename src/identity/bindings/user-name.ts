/** Longest user name that a certificate or a header may give, in UTF-16 units; an e-mail address has at most 254. */
export const maxUserName = 255

// Controls and NUL (a name cut short in one place and whole in another), line separators, and halves of characters.
const forbidden = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u

/** Whether text from a certificate or a header can be a user name at all. Whether such a user exists is another matter. */
export function isUserName(text: string): boolean {
  // "*" is how a binding says "any user"
  return text !== '' && text !== '*' && text.length <= maxUserName && isClean(text)
}

/** Whether text holds none of the characters that make it look like other text. */
export function isClean(text: string): boolean {
  return !forbidden.test(text)
}
