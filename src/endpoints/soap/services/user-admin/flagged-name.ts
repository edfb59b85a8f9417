import { boolean, complex, string, type WritableOf } from '../../schema/type.ts'
import type { Listed } from '../list-names.ts'

export const flaggedName = complex('http://common.mgt.user.carbon.wso2.org/xsd', 'FlaggedName', {
  dn: string,
  domainName: string,
  editable: boolean,
  itemDisplayName: string,
  itemName: string,
  readOnly: boolean,
  roleType: string,
  selected: boolean,
  shared: boolean,
})

type FlaggedName = NonNullable<WritableOf<typeof flaggedName>>

export function flaggedUser(name: string, selected: boolean): FlaggedName {
  return { editable: true, itemDisplayName: name, itemName: name, readOnly: false, selected, shared: false }
}

export function flaggedRole(name: string, selected: boolean): FlaggedName {
  return { ...flaggedUser(name, selected), roleType: name.startsWith('Internal/') ? 'Internal' : 'External' }
}

/** What WSO2's products end such a list with: an entry that is no name but says, as one, whether there are more than were listed. */
export function closed<T>({ entries, more }: Listed<T>, flag: (entry: T) => FlaggedName): FlaggedName[] {
  return [...entries.map(flag), { editable: false, itemName: String(more), readOnly: false, selected: false }]
}
