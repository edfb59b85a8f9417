import { isCoded } from '../../errors.ts'
import type { ProblemSource } from '../../server/http/problem.ts'

/** RFC 7644 table 9 */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'

/**
 * What is wrong with a request, thrown within this room from wherever it is noticed (also from within a change that is then not made), and
 * told at its edge.
 */
export class ScimFault extends Error {
  readonly problem: ProblemSource
  readonly scimType: ScimType | undefined

  constructor(problem: ProblemSource, scimType?: ScimType) {
    super(problem.detail)
    this.name = 'ScimFault'
    this.problem = problem
    this.scimType = scimType
  }
}

/** 400, with the reason as the standard calls it. */
export function badRequest(scimType: ScimType, detail: string): ScimFault {
  return new ScimFault({ code: 'bad_request', detail }, scimType)
}

export function notFound(detail: string): ScimFault {
  return new ScimFault({ code: 'not_found', detail })
}

/** 409: what was looked at before a change is no longer so. */
export function overtaken(): ScimFault {
  return new ScimFault({ code: 'conflict', detail: 'Somebody else changed it at the same moment. Try again.' })
}

/** What the directory refuses for a reason that the client can do something about. Anything else is not ours to tell. */
export function faultOf(error: unknown): ScimFault | undefined {
  if (error instanceof ScimFault) return error
  if (!isCoded(error)) return undefined
  const detail = `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`
  switch (error.code) {
    case 'ERR_USER_EXISTS':
    case 'ERR_ROLE_EXISTS':
      return new ScimFault({ code: 'conflict', detail }, 'uniqueness')
    case 'ERR_USER_UNKNOWN':
    case 'ERR_ROLE_UNKNOWN':
    case 'ERR_TENANT_UNKNOWN':
      return notFound('There is no such resource.')
    case 'ERR_USER_NAME':
    case 'ERR_ROLE_NAME':
    case 'ERR_PASSWORD_UNFIT':
    case 'ERR_ATTRIBUTE_UNFIT':
      return badRequest('invalidValue', detail)
    case 'ERR_SEARCH_INVALID':
      return badRequest('invalidFilter', detail)
    default:
      return undefined
  }
}
