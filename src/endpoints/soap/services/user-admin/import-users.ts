import type { Call } from '../../call.ts'
import type { Fault } from '../../message/fault.ts'
import { base64Binary, string } from '../../schema/type.ts'
import { operation } from '../../service.ts'
import { addUser, type NewUserCall } from '../add-user.ts'
import { type CsvRow, parseCsv } from '../csv.ts'
import { permissions } from '../permissions.ts'
import { failure, notOffered, storeRefusal } from '../refusals.ts'

/** Each user costs a password hash. */
const maxUsers = 1000
/** What is wrong with more lines than these is not told. */
const maxTold = 10

/** Adds the users of a CSV file: those that can be added are, and a failure tells which could not. */
export const bulkImportUsers = operation({
  access: [permissions.userCreate],
  effect: 'changes',
  request: { userStoreDomain: string, fileName: string, handler: base64Binary, defaultPassword: string },
  run: async ({ userStoreDomain, fileName, handler, defaultPassword }, call) => {
    if (userStoreDomain && !/^primary$/i.test(userStoreDomain)) return unknownStore
    if (!fileName || handler === undefined) return noFile
    if (!/\.csv$/i.test(fileName)) return otherFormat
    const rows = readRows(handler)
    return Array.isArray(rows) ? addAll(call, rows, defaultPassword) : rows
  },
})

function readRows(file: Uint8Array): CsvRow[] | Fault {
  const text = decode(file)
  // The first line says what the columns are.
  const rows = text === undefined ? undefined : parseCsv(text)?.filter(({ line }) => line > 1)
  if (rows === undefined || rows.length === 0) return noUsers
  return rows.length > maxUsers ? tooMany : rows
}

function decode(file: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(file)
  } catch {
    return undefined
  }
}

async function addAll(call: Call, rows: readonly CsvRow[], password: string | undefined): Promise<Fault | undefined> {
  const refused: string[] = []
  for (const { line, fields } of rows) {
    const user = readUser(fields, password)
    const refusal = typeof user === 'string' ? user : (await tryAdd(call, user))?.text
    if (refusal !== undefined) refused.push(`Line ${line}: ${refusal}`)
  }
  if (refused.length === 0) return undefined
  const told = [...refused.slice(0, maxTold), ...(refused.length > maxTold ? ['…'] : [])]
  return failure(
    `${rows.length - refused.length} of ${rows.length} users were added. ${told.join(' ')}`,
    'ERR_USERS_NOT_IMPORTED',
    'Correct these lines, and send them alone: the other users are there.',
  )
}

async function tryAdd(call: Call, user: NewUserCall): Promise<Fault | undefined> {
  try {
    return await addUser(call, user)
  } catch (error) {
    const refusal = storeRefusal(error)
    if (refusal === undefined) throw error
    return refusal
  }
}

/** `name,password,CLAIM=VALUE,…,role=ROLE:ROLE`. A text: what is wrong. */
function readUser(
  [name = '', password = '', ...pairs]: readonly string[],
  fallback: string | undefined,
): NewUserCall | string {
  const roles: string[] = []
  const claims: { claimURI: string; value: string }[] = []
  for (const pair of pairs) {
    if (pair.trim() === '') continue
    const at = pair.indexOf('=')
    const claimURI = pair.slice(0, at).trim()
    if (at < 1 || claimURI === '') return 'A claim is CLAIM=VALUE.'
    const value = pair.slice(at + 1)
    if (/^(?:http:\/\/wso2\.org\/claims\/)?role$/.test(claimURI)) roles.push(...value.split(':').filter(Boolean))
    else claims.push({ claimURI, value })
  }
  return { name: name.trim(), password: password || fallback || undefined, roles, claims, profile: undefined }
}

const unknownStore = failure(
  'There is one user store here, PRIMARY.',
  'ERR_USERS_NOT_IMPORTED',
  'Send PRIMARY as userStoreDomain, or nothing.',
)
const noFile = failure('No file came.', 'ERR_USERS_NOT_IMPORTED', 'Send fileName, and its content in handler.')
const noUsers = failure(
  'The file holds no users: it is CSV in UTF-8, and its first line is a heading.',
  'ERR_USERS_NOT_IMPORTED',
  'Send lines such as: alice,PASSWORD,http://wso2.org/claims/title=Dr.,role=buyer',
)
const tooMany = failure(
  `The file holds more than ${maxUsers} users.`,
  'ERR_USERS_NOT_IMPORTED',
  'Send it in parts, each with its heading.',
)
const otherFormat = notOffered('bulkImportUsers reads CSV alone, no spreadsheets.', 'Save the sheet as CSV.')
