import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { withKeyStoreLock } from '../keystore/lock.ts'
import { replaceFile } from '../keystore/replace-file.ts'
import { type RevocationReason, revocationReasons } from '../x509/build-crl.ts'
import { authorityError } from './authority-error.ts'

const time = z.int().min(0)

const entry = z.strictObject({
  /** hex, as `Certificate.serialNumber` */
  serialNumber: z.string().regex(/^[0-9a-f]{2,40}$/),
  thumbprint: z.string().regex(/^[0-9a-f]{64}$/),
  profile: z.enum(['client', 'server']),
  subject: z.string(),
  names: z.array(z.string()),
  /** milliseconds since the epoch */
  notBefore: time,
  notAfter: time,
  /** serial number of the certificate that this one takes the place of */
  renews: z.string().optional(),
  revoked: z
    .strictObject({
      at: time,
      reason: z.enum(Object.keys(revocationReasons) as [RevocationReason, ...RevocationReason[]]),
    })
    .optional(),
})

const register = z.strictObject({
  version: z.literal(1),
  /** of the last list that was published; 0 before the first */
  crlNumber: z.int().min(0),
  certificates: z.array(entry),
})

export type Profile = Entry['profile']
export type Entry = Readonly<z.output<typeof entry>>

/** What an authority issued and revoked, in the order in which it did. */
export interface Register {
  readonly crlNumber: number
  readonly certificates: readonly Entry[]
}

const fileOf = (folder: string) => join(folder, 'register.json')

export async function beginRegister(folder: string): Promise<void> {
  await write(folder, { crlNumber: 0, certificates: [] })
}

/** Throws ERR_AUTHORITY_MISSING, ERR_AUTHORITY_MALFORMED. */
export async function readRegister(folder: string): Promise<Register> {
  let text: string
  try {
    text = await readFile(fileOf(folder), 'utf8')
  } catch (cause) {
    throw authorityError('ERR_AUTHORITY_MISSING', `there is no authority in ${folder}: it has no register.json`, cause)
  }
  try {
    const { crlNumber, certificates } = register.parse(JSON.parse(text))
    return { crlNumber, certificates }
  } catch (cause) {
    throw authorityError('ERR_AUTHORITY_MALFORMED', `register.json in ${folder} is damaged`, cause)
  }
}

/** Reads, changes and writes the register while nobody else does. `change` answers the new register, and what to give back. */
export async function changeRegister<T>(
  folder: string,
  change: (register: Register) => Promise<readonly [Register, T]>,
): Promise<T> {
  return withKeyStoreLock(fileOf(folder), async () => {
    const before = await readRegister(folder)
    const [after, answer] = await change(before)
    if (after !== before) await write(folder, after)
    return answer
  })
}

async function write(folder: string, { crlNumber, certificates }: Register): Promise<void> {
  const lines = certificates.map(certificate => `\n    ${JSON.stringify(certificate)}`)
  const text = `{\n  "version": 1,\n  "crlNumber": ${crlNumber},\n  "certificates": [${lines.join(',')}\n  ]\n}\n`
  await replaceFile(fileOf(folder), Buffer.from(text))
}

/** The entry that a serial number or a thumbprint names; hex in any case, with or without colons. Throws ERR_AUTHORITY_CERTIFICATE_UNKNOWN. */
export function findEntry({ certificates }: Register, name: string): Entry {
  const wanted = name.replaceAll(':', '').toLowerCase()
  const found = certificates.find(({ serialNumber, thumbprint }) => serialNumber === wanted || thumbprint === wanted)
  if (found) return found
  throw authorityError('ERR_AUTHORITY_CERTIFICATE_UNKNOWN', `no certificate ${JSON.stringify(name)} was issued here`)
}
