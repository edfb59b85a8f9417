import { checkHandOut, checkPermit } from '../../../identity/access/hand-out.ts'
import type { Permission } from '../../../identity/users/directory.ts'
import type { Refusal } from '../../../refusals.ts'
import type { Call } from '../call.ts'
import type { Fault } from '../message/fault.ts'
import { escalation } from './refusals.ts'

/** The action of permissions to use services and pages. */
export const uiExecute = 'ui.execute'

const identity = '/permission/admin/manage/identity'

/** The permissions that operations ask for, as in WSO2's products. */
export const permissions = {
  identity,
  login: '/permission/admin/login',
  userList: `${identity}/usermgt/list`,
  userView: `${identity}/usermgt/view`,
  userCreate: `${identity}/usermgt/create`,
  userUpdate: `${identity}/usermgt/update`,
  userDelete: `${identity}/usermgt/delete`,
  roleView: `${identity}/rolemgt/view`,
  roleCreate: `${identity}/rolemgt/create`,
  roleUpdate: `${identity}/rolemgt/update`,
  roleDelete: `${identity}/rolemgt/delete`,
  profileView: `${identity}/userprofile`,
  storeView: `${identity}/userstore/config/view`,
  tenantsList: '/permission/protected/manage/monitor/tenants/list',
  tenantsModify: '/permission/protected/manage/modify/tenants',
  serverAdmin: '/permission/protected/server-admin',
} as const

/** Undefined: the caller may give these roles to others or take them away, since they hold all that the roles give (CVE-2024-7096 and its kind). */
export async function mayHandle(call: Call, roles: Iterable<string>): Promise<Fault | undefined> {
  const { caller, directory, tenant } = call
  if (caller === undefined) return nobody
  return refusedHandOut(await checkHandOut(directory, caller, tenant, [...new Set(roles)]))
}

/** Undefined: the caller may give the role these permissions, or take them away. */
export async function mayPermit(
  call: Call,
  role: string,
  permissions: readonly Permission[],
): Promise<Fault | undefined> {
  const { caller, directory, tenant } = call
  if (caller === undefined) return nobody
  return refusedHandOut(await checkPermit(directory, caller, tenant, role, permissions))
}

/** Undefined: the caller may take the account over (its password, its lock) or end it: that takes all that its roles give. */
export function mayActUpon(call: Call, { roles }: { readonly roles: readonly string[] }): Promise<Fault | undefined> {
  return mayHandle(call, roles)
}

function refusedHandOut(refusal: Refusal | undefined): Fault | undefined {
  return refusal && escalation(refusal.detail)
}

const nobody = escalation('Nobody was asked who they are.')
