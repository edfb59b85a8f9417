import { isCoded } from '../../../errors.ts'
import { type Fault, fault } from '../message/fault.ts'

/** A failure that the service declares: a stub throws its exception with this text. */
export function failure(text: string, code: string, remedy: string): Fault {
  return fault('server', text, { told: { code, detail: text, remedy } })
}

/** What the store refuses for a reason that the caller can do something about; undefined: something broke. */
export function storeRefusal(error: unknown): Fault | undefined {
  if (!isCoded(error) || !tellable.has(error.code)) return undefined
  const text = `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`
  return failure(text, error.code, error.remedy ?? 'Call with other values.')
}

const tellable = new Set([
  'ERR_USER_UNKNOWN',
  'ERR_USER_EXISTS',
  'ERR_USER_NAME',
  'ERR_ROLE_UNKNOWN',
  'ERR_ROLE_EXISTS',
  'ERR_ROLE_NAME',
  'ERR_TENANT_UNKNOWN',
  'ERR_TENANT_EXISTS',
  'ERR_TENANT_NAME',
  'ERR_PASSWORD_UNFIT',
  'ERR_ATTRIBUTE_UNFIT',
  'ERR_PERMISSION_UNFIT',
  'ERR_SEARCH_INVALID',
])

/** May not, although the operation is allowed: what it would do is more than the caller may do. */
export function escalation(text: string): Fault {
  return fault(50978, `Access Denied. ${text}`, {
    told: {
      code: 'forbidden',
      detail: text,
      remedy: 'Ask somebody who holds these permissions, or who has the role admin.',
    },
  })
}

export function notOffered(text: string, remedy: string): Fault {
  return fault('server', text, { told: { code: 'not_implemented', detail: text, remedy } })
}

export const unknownUser = (name: string): Fault =>
  failure(`There is no user ${quoted(name)}.`, 'ERR_USER_UNKNOWN', 'Check the name; upper and lower case count.')

export const unknownRole = (name: string): Fault =>
  failure(`There is no role ${quoted(name)}.`, 'ERR_ROLE_UNKNOWN', 'Check the name, or make the role first.')

function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name)
}
