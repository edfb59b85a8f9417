import { CodedError } from '../errors.ts'
import { localDialect } from '../identity/users/claims.ts'
import type { Attribute } from '../identity/users/directory.ts'

/** For the help of whatever takes `NAME=VALUE`. */
export const attributeHelp = 'a name is a claim of the local dialect (emailaddress, givenname, mobile) or a whole URI'

/** Attributes as they are typed: `emailaddress=alice@example.com`. */
export function readAttributes(typed: readonly string[]): Attribute[] {
  return typed.map(each => {
    const at = each.indexOf('=')
    if (at > 0 && at < each.length - 1) return { name: attributeName(each.slice(0, at)), value: each.slice(at + 1) }
    throw new CodedError('ERR_CLI_USAGE', `${JSON.stringify(each)} is not NAME=VALUE`, {
      remedy: 'Write emailaddress=alice@example.com.',
    })
  })
}

/** The claim URI. */
export function attributeName(typed: string): string {
  return typed.includes(':') ? typed : `${localDialect}/${typed}`
}

/** The name as it is typed. */
export function shortAttributeName(name: string): string {
  return name.startsWith(`${localDialect}/`) ? name.slice(localDialect.length + 1) : name
}
