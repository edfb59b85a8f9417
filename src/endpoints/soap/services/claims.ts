import { claims, localDialect } from '../../../identity/users/claims.ts'
import type { Attribute, DirectoryUser, UserChange } from '../../../identity/users/directory.ts'
import type { Fault } from '../message/fault.ts'
import { failure } from './refusals.ts'

type Field = 'id' | 'name' | 'roles' | 'state' | 'created' | 'modified'

const fields: Readonly<Record<Field, (user: DirectoryUser) => string>> = {
  id: user => user.id,
  name: user => user.name,
  roles: user => user.roles.join(','),
  state: user => String(user.state === 'active'),
  created: user => new Date(user.created).toISOString(),
  modified: user => new Date(user.modified).toISOString(),
}

/** Claims that are no attributes of the user but the user itself. */
const own: ReadonlyMap<string, (user: DirectoryUser) => string> = new Map([
  ...claims.flatMap(({ uri, from }) => (from === 'attribute' ? [] : [[uri, fields[from]] as const])),
  [`${localDialect}/identity/accountLocked`, user => String(user.state !== 'active')],
  [`${localDialect}/identity/accountDisabled`, user => String(user.state !== 'active')],
])

/**
 * Locking an account is setting one of these, as it is in WSO2's products; a value that was kept and changed nothing would leave an account
 * open that somebody closed. The state that goes with `true`.
 */
const locks: ReadonlyMap<string, DirectoryUser['state']> = new Map([
  [`${localDialect}/active`, 'active'],
  [`${localDialect}/identity/accountLocked`, 'locked'],
  [`${localDialect}/identity/accountDisabled`, 'locked'],
])

export interface ClaimValue {
  readonly claimURI?: string | undefined
  readonly value?: string | undefined
}

/** The value of a claim; several are joined by commas, as in WSO2's products. undefined: the user has none. */
export function claimOf(user: DirectoryUser, claim: string): string | undefined {
  const special = own.get(claim)
  if (special !== undefined) return special(user)
  const values = user.attributes.filter(({ name }) => name === claim).map(({ value }) => value)
  return values.length === 0 ? undefined : values.join(',')
}

/** The names of the claims that the user has a value of, each once. */
export function claimsOf(user: DirectoryUser): string[] {
  return [...new Set([...own.keys(), ...user.attributes.map(({ name }) => name)])]
}

/** How claims are changed: `set` replaces what there is, `add` adds a value. An empty value takes the claim away. */
export type ClaimEdit =
  | { readonly kind: 'set' | 'add'; readonly claims: readonly ClaimValue[] }
  | { readonly kind: 'delete'; readonly claims: readonly string[] }

/** What is wrong with an edit before anybody looks at the user; undefined: nothing. */
export function examineEdit(edit: ClaimEdit): Fault | undefined {
  for (const claim of namesOf(edit)) {
    if (claim === undefined || claim === '')
      return failure('A claim has no name.', 'ERR_ATTRIBUTE_UNFIT', 'Name it by its URI.')
    if (locks.has(claim) && edit.kind === 'set') continue
    if (own.has(claim)) {
      return failure(`The claim ${claim} is not set as a claim.`, 'ERR_ATTRIBUTE_UNFIT', 'There are operations for it.')
    }
  }
  if (edit.kind === 'delete') return undefined
  const odd = edit.claims.find(({ claimURI, value }) => locks.has(claimURI!) && !/^(?:true|false)$/i.test(value ?? ''))
  return odd && failure(`The claim ${odd.claimURI} is true or false.`, 'ERR_ATTRIBUTE_UNFIT', 'Send true or false.')
}

/** Whether the edit opens or closes the account. */
export function movesLock(edit: ClaimEdit): boolean {
  return namesOf(edit).some(claim => claim !== undefined && locks.has(claim))
}

/** The user after an edit that was examined. */
export function edited(user: DirectoryUser, edit: ClaimEdit): UserChange {
  if (edit.kind === 'delete') {
    return { attributes: user.attributes.filter(({ name }) => !edit.claims.includes(name)) }
  }
  let attributes: readonly Attribute[] = user.attributes
  let state = user.state
  for (const { claimURI = '', value = '' } of edit.claims) {
    const whenTrue = locks.get(claimURI)
    if (whenTrue !== undefined) state = value.toLowerCase() === 'true' ? whenTrue : opposite[whenTrue]
    else if (edit.kind === 'add') attributes = withValue(attributes, claimURI, value)
    else if (value !== claimOf({ ...user, attributes }, claimURI)) {
      attributes = withValue(
        attributes.filter(({ name }) => name !== claimURI),
        claimURI,
        value,
      )
    }
  }
  return { attributes, state }
}

const opposite = { active: 'locked', locked: 'active' } as const

function withValue(attributes: readonly Attribute[], name: string, value: string): readonly Attribute[] {
  const there = attributes.some(each => each.name === name && each.value === value)
  return value === '' || there ? attributes : [...attributes, { name, value: value.normalize('NFC') }]
}

function namesOf(edit: ClaimEdit): readonly (string | undefined)[] {
  return edit.kind === 'delete' ? edit.claims : edit.claims.map(({ claimURI }) => claimURI)
}

/** The name of it for people. */
export function claimLabel(claim: string): string {
  return labels.get(claim) ?? claim.slice(claim.lastIndexOf('/') + 1)
}

const labels = new Map(claims.map(({ uri, displayName }) => [uri, displayName]))

export function dialectOf(claim: string): string {
  return claim.startsWith(`${localDialect}/`) ? localDialect : claim.slice(0, Math.max(0, claim.lastIndexOf('/')))
}
