import type { Attribute } from '../../../identity/users/directory.ts'
import type { Call } from '../call.ts'
import type { Fault } from '../message/fault.ts'
import { type ClaimValue, examineEdit } from './claims.ts'
import { givenName, givenNames } from './names.ts'
import { mayHandle } from './permissions.ts'
import { examineProfile } from './profiles.ts'
import { unknownRole } from './refusals.ts'

export interface NewUserCall {
  readonly name: string
  /** undefined: no password opens the account, a certificate may */
  readonly password: string | undefined
  readonly roles: readonly string[]
  readonly claims: readonly ClaimValue[]
  readonly profile: string | undefined
}

/** Adds a user with roles that are there, none of which gives more than the caller has. */
export async function addUser(call: Call, { name, password, roles, claims, profile }: NewUserCall) {
  const { directory, tenant } = call
  const given = givenNames(roles)
  const refusal =
    examineProfile(profile) ??
    examineEdit({ kind: 'add', claims }) ??
    (await missingRole(call, given)) ??
    (await mayHandle(call, given))
  if (refusal !== undefined) return refusal
  const attributes = claims.flatMap(({ claimURI, value }): Attribute[] =>
    claimURI === undefined || value === undefined || value === '' ? [] : [{ name: claimURI, value }],
  )
  await directory.users.add({ tenant, name: givenName(name), password, roles: given, attributes })
  return undefined
}

/** That the first of these which is not there is not there. */
export async function missingRole({ directory, tenant }: Call, roles: readonly string[]): Promise<Fault | undefined> {
  for (const role of roles) {
    if ((await directory.roles.find(tenant, role)) === undefined) return unknownRole(role)
  }
  return undefined
}
