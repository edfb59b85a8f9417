import type { Directory, DirectoryUser, UserChange } from '../../identity/users/directory.ts'
import type { Change, Events } from '../../telemetry/events/events.ts'

export type DirectoryEvents = Pick<Events, 'userChanged' | 'roleChanged' | 'tenantChanged'>

/** The directory for one caller: what is changed in it is told, as done by them, once it is done. */
export function createToldDirectory(directory: Directory, events: DirectoryEvents, actor: string): Directory {
  const { users, roles, tenants } = directory
  return {
    users: {
      ...users,
      async add(user) {
        const added = await users.add(user)
        events.userChanged({ actor, action: 'added', tenant: added.tenant, user: added.name })
        return added
      },
      async change(tenant, id, decide) {
        // Decided anew when somebody else was faster: the last decision is what was done.
        let last: { before: DirectoryUser; change: UserChange } | undefined
        const changed = await users.change(tenant, id, user => {
          last = { before: user, change: decide(user) }
          return last.change
        })
        if (last === undefined) return changed
        const { before, change } = last
        const what = Object.keys(change).filter(key => change[key as keyof UserChange] !== undefined)
        const action = actionOf(change, before)
        events.userChanged({
          actor,
          action,
          tenant,
          user: changed.name,
          ...(action === 'changed' && { changed: what }),
        })
        return changed
      },
      async remove(tenant, id) {
        const user = await users.findById(tenant, id)
        await users.remove(tenant, id)
        events.userChanged({ actor, action: 'removed', tenant, user: user?.name ?? id })
      },
    },
    roles: {
      ...roles,
      async add(role) {
        const added = await roles.add(role)
        events.roleChanged({ actor, action: 'added', tenant: added.tenant, role: added.name })
        return added
      },
      async change(tenant, id, decide) {
        let changed: string[] = []
        const role = await roles.change(tenant, id, present => {
          const change = decide(present)
          changed = Object.keys(change)
          return change
        })
        events.roleChanged({ actor, action: 'changed', tenant, role: role.name, changed })
        return role
      },
      async remove(tenant, id) {
        const role = await roles.findById(tenant, id)
        await roles.remove(tenant, id)
        events.roleChanged({ actor, action: 'removed', tenant, role: role?.name ?? id })
      },
      async permit(tenant, name, permission, effect) {
        await roles.permit(tenant, name, permission, effect)
        events.roleChanged({ actor, action: 'changed', tenant, role: name, changed: ['permissions'] })
      },
    },
    tenants: {
      ...tenants,
      async add(name, details) {
        const added = await tenants.add(name, details)
        events.tenantChanged({ actor, action: 'added', tenant: name })
        return added
      },
      async change(name, change) {
        const changed = await tenants.change(name, change)
        const { state } = change
        const action = state === undefined ? 'changed' : state === 'active' ? 'activated' : 'deactivated'
        events.tenantChanged({ actor, action, tenant: name })
        return changed
      },
      async remove(name) {
        await tenants.remove(name)
        events.tenantChanged({ actor, action: 'removed', tenant: name })
      },
    },
    isAuthorized: directory.isAuthorized.bind(directory),
  }
}

function actionOf({ password, state }: UserChange, before: DirectoryUser): Change['action'] {
  if (state !== undefined && state !== before.state) return state === 'locked' ? 'locked' : 'unlocked'
  return password === undefined ? 'changed' : 'password-set'
}
