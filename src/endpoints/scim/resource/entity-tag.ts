import type { IncomingHttpHeaders } from 'node:http'
import { ScimFault } from '../scim-fault.ts'

/** RFC 7644 section 3.14: weak, because the same version is shown in more or fewer attributes. */
export function entityTag(version: number): string {
  return `W/"${version}"`
}

/** Throws ScimFault (412) when the client means another version. RFC 9110 section 13.1.1, compared weakly. */
export function checkIfMatch(condition: string | undefined, version: number): void {
  if (condition === undefined || meets(condition, version)) return
  throw new ScimFault({
    code: 'precondition_failed',
    detail: `It is of the version ${entityTag(version)} by now, and was not changed.`,
  })
}

/** Whether the client has this version already (RFC 9110 section 13.1.2). */
export function isUnchanged({ 'if-none-match': condition }: IncomingHttpHeaders, version: number): boolean {
  return condition !== undefined && meets(condition, version)
}

/** The If-Match field of a request; it is a list, so it may have come more than once. */
export function ifMatchOf({ 'if-match': condition }: IncomingHttpHeaders): string | undefined {
  return condition === undefined ? undefined : String(condition)
}

function meets(condition: string, version: number): boolean {
  if (condition.trim() === '*') return true
  return condition.split(',').some(tag => tag.trim().replace(/^W\//, '') === `"${version}"`)
}
