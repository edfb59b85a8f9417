import { CodedError } from '../../errors.ts'

/** UTF-16 units of the longest name. */
const maxLength = 255

/*
 * Names are stored in NFC and compared byte for byte; case counts. Of two spellings of one character only one can exist, so nobody
 * is somebody else's double, and no comparison depends on which library folded which characters. Names that people type (in a
 * command, in Basic authentication) are normalised where they are read. Names in certificates and headers are not: what a
 * certificate says is taken exactly, and a name that is not in NFC finds nobody.
 */

/** A name as it was typed, in the form in which names are kept. */
export function nameText(typed: string): string {
  return typed.normalize('NFC')
}

/** Throws ERR_USER_NAME. */
export function checkUserName(name: string): void {
  // "*" stands for any user in a binding.
  const reason = name === '*' ? 'stands for any user' : unfit(name)
  if (reason !== undefined) throw refusedName('ERR_USER_NAME', 'user', name, reason)
}

/** Throws ERR_ROLE_NAME. */
export function checkRoleName(name: string): void {
  // Roles travel in lists.
  const reason = name.includes(',') ? 'has a comma' : unfit(name)
  if (reason !== undefined) throw refusedName('ERR_ROLE_NAME', 'role', name, reason)
}

/** Throws ERR_TENANT_NAME. Tenants are called like domains. */
export function checkTenantName(name: string): void {
  if (isTenantName(name)) return
  throw refusedName('ERR_TENANT_NAME', 'tenant', name, 'is not made of a to z, 0 to 9, dots and hyphens')
}

export function isTenantName(text: string): boolean {
  return tenantName.test(text)
}

export const tenantName = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/

/** Why text can be no name of something that is stored; undefined when it can. */
function unfit(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (name.length > maxLength) return `is longer than ${maxLength} characters`
  // Controls, line separators, halves of characters and unassigned ones; and the invisible ones (Cf), which make two names look alike.
  if (/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return 'has control characters or invisible ones'
  if (name.trim() !== name) return 'begins or ends with a space'
  if (name.normalize('NFC') !== name) return 'is not in the Unicode normal form NFC'
  return undefined
}

function refusedName(code: `ERR_${string}`, kind: string, name: string, reason: string): CodedError {
  return new CodedError(code, `the ${kind} name ${JSON.stringify(name.slice(0, 80))} ${reason}`, {
    remedy: `Choose another name for the ${kind}.`,
  })
}
