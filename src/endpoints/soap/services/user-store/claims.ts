import type { Call } from '../../call.ts'
import type { Fault } from '../../message/fault.ts'
import { list, string, text } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { changeUser, withUser } from '../change-user.ts'
import { type ClaimEdit, claimLabel, claimOf, claimsOf, dialectOf, edited, examineEdit, movesLock } from '../claims.ts'
import { listUsersByClaim } from '../list-by-claim.ts'
import { givenName } from '../names.ts'
import { mayActUpon, permissions } from '../permissions.ts'
import { examineProfile } from '../profiles.ts'
import { claimDto, claimValue } from './types.ts'

const oneValue = { userName: text, claimURI: text, claimValue: string, profileName: string } as const
const values = { userName: text, claims: list(claimValue), profileName: string } as const

/** Operations on what is known of users. */
export const claimOperations = {
  getUserList: operation({
    access: [permissions.userList],
    effect: 'reads',
    request: { claimUri: text, claimValue: text, profile: string },
    result: list(string),
    run: async ({ claimUri, claimValue, profile }, call) =>
      examineProfile(profile) ?? (await listUsersByClaim(call, claimUri, claimValue)).entries.map(({ name }) => name),
  }),
  getUserClaimValue: operation({
    access: [permissions.userView],
    effect: 'reads',
    request: { userName: text, claim: text, profileName: string },
    result: string,
    run: ({ userName, claim, profileName }, call) =>
      examineProfile(profileName) ?? withUser(call, givenName(userName), user => claimOf(user, claim)),
  }),
  getUserClaimValues: operation({
    access: [permissions.userView],
    effect: 'reads',
    request: { userName: text, profileName: string },
    result: list(claimDto),
    run: ({ userName, profileName }, call) =>
      examineProfile(profileName) ??
      withUser(call, givenName(userName), user =>
        claimsOf(user).map(claim => ({
          claimUri: claim,
          description: claimLabel(claim),
          dialectURI: dialectOf(claim),
          displayOrder: 0,
          displayTag: claimLabel(claim),
          required: false,
          supportedByDefault: false,
          value: claimOf(user, claim),
        })),
      ),
  }),
  getUserClaimValuesForClaims: operation({
    access: [permissions.userView],
    effect: 'reads',
    request: { userName: text, claims: list(string), profileName: string },
    result: list(claimValue),
    run: ({ userName, claims, profileName }, call) =>
      examineProfile(profileName) ??
      withUser(call, givenName(userName), user =>
        [...new Set(claims)].flatMap(claim => {
          const value = claimOf(user, claim)
          return value === undefined ? [] : [{ claimURI: claim, value }]
        }),
      ),
  }),
  setUserClaimValue: operation({
    access: [permissions.userUpdate],
    effect: 'changes',
    request: oneValue,
    run: ({ userName, claimURI, claimValue, profileName }, call) =>
      edit(call, userName, profileName, { kind: 'set', claims: [{ claimURI, value: claimValue }] }),
  }),
  setUserClaimValues: operation({
    access: [permissions.userUpdate],
    effect: 'changes',
    request: values,
    run: ({ userName, claims, profileName }, call) => edit(call, userName, profileName, { kind: 'set', claims }),
  }),
  addUserClaimValue: operation({
    access: [permissions.userUpdate],
    effect: 'changes',
    request: oneValue,
    run: ({ userName, claimURI, claimValue, profileName }, call) =>
      edit(call, userName, profileName, { kind: 'add', claims: [{ claimURI, value: claimValue }] }),
  }),
  addUserClaimValues: operation({
    access: [permissions.userUpdate],
    effect: 'changes',
    request: values,
    run: ({ userName, claims, profileName }, call) => edit(call, userName, profileName, { kind: 'add', claims }),
  }),
  deleteUserClaimValue: operation({
    access: [permissions.userDelete],
    effect: 'changes',
    request: { userName: text, claimURI: text, profileName: string },
    run: ({ userName, claimURI, profileName }, call) =>
      edit(call, userName, profileName, { kind: 'delete', claims: [claimURI] }),
  }),
  deleteUserClaimValues: operation({
    access: [permissions.userDelete],
    effect: 'changes',
    request: { userName: text, claims: list(string), profileName: string },
    run: ({ userName, claims, profileName }, call) => edit(call, userName, profileName, { kind: 'delete', claims }),
  }),
}

async function edit(
  call: Call,
  name: string,
  profile: string | undefined,
  asked: ClaimEdit,
): Promise<Fault | undefined> {
  const refusal = examineProfile(profile) ?? examineEdit(asked)
  if (refusal !== undefined) return refusal
  return withUser(call, givenName(name), async user => {
    const forbidden = movesLock(asked) ? await mayActUpon(call, user) : undefined
    return forbidden ?? changeUser(call, user, present => edited(present, asked))
  })
}
