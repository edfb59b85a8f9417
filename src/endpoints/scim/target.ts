import { isDiscovery } from './discovery.ts'
import type { Method } from './operation.ts'

/** What a path behind `/scim2` is about. */
export type Target =
  | { readonly kind: 'collection' | 'search'; readonly resource: 'Users' | 'Groups' }
  | { readonly kind: 'resource'; readonly resource: 'Users' | 'Groups'; readonly id: string }
  | { readonly kind: 'me' | 'bulk' }
  | { readonly kind: 'discovery' }

/** `path` is normalised, and begins behind `/scim2`; upper and lower case count. undefined: there is nothing. */
export function readTarget(path: string): Target | undefined {
  const [, name, id, ...more] = path.split('/')
  if (isDiscovery(name)) return { kind: 'discovery' }
  if (more.length > 0 || id === '') return undefined
  if (name === 'Users' || name === 'Groups') {
    if (id === undefined) return { kind: 'collection', resource: name }
    return id === '.search' ? { kind: 'search', resource: name } : { kind: 'resource', resource: name, id }
  }
  if (id !== undefined) return undefined
  return name === 'Me' ? { kind: 'me' } : name === 'Bulk' ? { kind: 'bulk' } : undefined
}

/** The methods that it takes; HEAD goes where GET goes. */
export function methodsOf({ kind }: Target): readonly Method[] {
  switch (kind) {
    case 'collection':
      return ['GET', 'POST']
    case 'resource':
    case 'me':
      return ['GET', 'PUT', 'PATCH', 'DELETE']
    case 'search':
    case 'bulk':
      return ['POST']
    case 'discovery':
      return ['GET']
  }
}
