import { administer } from './administration.ts'
import { type Context, exit } from './command.ts'
import { plain } from './terminal.ts'
import { userTarget } from './user-target.ts'

/** What `user lock` and `user unlock` do. */
export async function setUserState(
  ctx: Pick<Context, 'terminal'> & Parameters<typeof administer>[0] & Parameters<typeof userTarget>[0],
  state: 'active' | 'locked',
): Promise<number> {
  const { tenant, name } = userTarget(ctx)
  const action = state === 'locked' ? 'locked' : 'unlocked'
  await administer(ctx, 'changes', async ({ users, throttle, record }) => {
    await users.setState(tenant, name, state)
    if (state === 'active') await throttle.forgive(tenant, name)
    record('user-changed', { action, tenant, user: name })
  })
  ctx.terminal.note(`${plain(name)} is ${action}.`)
  return exit.yes
}
