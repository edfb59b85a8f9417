import { nameText } from '../identity/users/names.ts'
import { defaultTenant } from '../identity/users/user.ts'
import { configurationOptions } from './configuration.ts'

/** The argument of the commands that are about one user. */
export const userArgument = { user: { name: '<USER>', describe: 'name of the user; case counts' } } as const

export const tenantOptions = {
  tenant: { flags: '--tenant <TENANT>', describe: 'the tenant of the user', default: defaultTenant },
  ...configurationOptions,
} as const

/** The user that the command line names. What is typed may come in another Unicode form than names are kept in. */
export function userTarget(ctx: {
  readonly arguments: { readonly user: string }
  readonly options: { readonly tenant: string }
}): { readonly tenant: string; readonly name: string } {
  return { tenant: ctx.options.tenant, name: nameText(ctx.arguments.user) }
}
