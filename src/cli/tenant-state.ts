import { administer } from './administration.ts'
import { type Context, exit } from './command.ts'
import { plain } from './terminal.ts'

/** Of the commands that are about one tenant. */
export const tenantArgument = { tenant: { name: '<TENANT>', describe: 'name of the tenant' } } as const

/** What `tenant activate` and `tenant deactivate` do. */
export async function setTenantState(
  ctx: Pick<Context, 'terminal'> & Parameters<typeof administer>[0] & { arguments: { tenant: string } },
  state: 'active' | 'inactive',
): Promise<number> {
  const { tenant: name } = ctx.arguments
  const action = state === 'active' ? 'activated' : 'deactivated'
  await administer(ctx, 'changes', async ({ directory, record }) => {
    await directory.tenants.change(name, { state })
    record('tenant-changed', { action, tenant: name })
  })
  ctx.terminal.note(`The tenant ${plain(name)} is ${state}.`)
  return exit.yes
}
