import { nameText } from '../../../identity/users/names.ts'

/**
 * The name of a user or role as clients of WSO2's products send it: `PRIMARY/` in front of it means the store that is always there, the
 * only one here. In the form in which names are kept.
 */
export function givenName(sent: string): string {
  return nameText(sent.replace(/^PRIMARY\//i, ''))
}

export function givenNames(sent: readonly string[]): string[] {
  return [...new Set(sent.map(givenName))]
}
