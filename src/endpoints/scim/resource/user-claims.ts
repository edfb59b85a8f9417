import { claims } from '../../../identity/users/claims.ts'

/** One place in which the values of an attribute with several values are kept. */
export interface Source {
  readonly claim: string
  /** of every value that is kept there; undefined: each says for itself */
  readonly type: string | undefined
}

const stored = claims.flatMap(({ uri, from, scim, type }) =>
  from === 'attribute' && scim !== undefined ? [{ claim: uri, scim, type }] : [],
)

/** The claim of an attribute with one value: by `nickName`, `name.givenName`, or with the schema of its extension in front. */
export function claimOf(scim: string): string | undefined {
  return single.get(scim)
}

/** Where the values of `emails`, `phoneNumbers` and so on are kept: first the place that takes what belongs to no other. */
export function sourcesOf(name: string): readonly Source[] {
  return sources.get(name) ?? []
}

const severals = new Set(['emails', 'phoneNumbers', 'ims', 'photos', 'addresses', 'entitlements'])

const single = new Map(
  stored.flatMap(({ claim, scim }) => (severals.has(scim.split('.')[0]!) ? [] : [[scim, claim] as const])),
)

const sources: ReadonlyMap<string, readonly Source[]> = Map.groupBy(
  stored.filter(({ scim }) => severals.has(scim)),
  ({ scim }) => scim,
)

/**
 * One address of a user is kept as WSO2's products keep the only one, each part under a claim of its own; by the name of the part. Further
 * addresses are values of the claim for all addresses.
 */
export const mainAddress: ReadonlyMap<string, string> = new Map(
  stored.flatMap(({ claim, scim }) =>
    scim.startsWith('addresses.') ? [[scim.slice('addresses.'.length), claim] as const] : [],
  ),
)

/** Every claim that SCIM shows. What else a user has stays as it is, whatever SCIM does. */
export const scimClaims: ReadonlySet<string> = new Set(stored.map(({ claim }) => claim))
