import type { Fault } from '../message/fault.ts'
import { failure } from './refusals.ts'

/** A user has one profile here, by the name that WSO2's products give it. */
export const profile = 'default'

export function examineProfile(name: string | undefined): Fault | undefined {
  if (name === undefined || name === '' || name === profile) return undefined
  return failure(`There is no profile but ${profile}.`, 'ERR_ATTRIBUTE_UNFIT', `Send ${profile}, or none.`)
}
