// Stand-ins for what surrounds the identity rooms in a server, for tests of one room.
import type { Judgement } from '../../src/identity/trust/trust.ts'
import type { User } from '../../src/identity/users/user.ts'
import type { Untrusted } from '../../src/pki/path/verdict.ts'
import { type RefusalCode, refuse } from '../../src/refusals.ts'
import type { Issued } from './certificates.ts'

/** A trusted judgement, as trust would make it for this path. */
export function trustedJudgement(path: readonly Issued[], alias: string, epoch: number): Judgement {
  const certificates = path.map(one => one.certificate)
  const validUntil = Math.min(...certificates.map(certificate => certificate.notAfter))
  return {
    certificate: certificates[0],
    verdict: {
      ok: true,
      path: certificates,
      anchor: { alias, certificate: certificates.at(-1)! },
      pinned: path.length === 1,
      validUntil,
    },
    epoch,
    validUntil,
  }
}

export function refusedJudgement(leaf: Issued, code: RefusalCode, epoch: number): Judgement {
  const verdict: Untrusted = { ...refuse(code, `detail of ${code}`), certificate: leaf.certificate }
  return { certificate: leaf.certificate, verdict, epoch, validUntil: Number.POSITIVE_INFINITY }
}

/** Users in memory that a test can change. `asked` counts the look-ups. */
export class Users {
  readonly #users = new Map<string, User>()
  asked = 0

  set(
    name: string,
    {
      tenant = 'default',
      roles = [] as readonly string[],
      state = 'active' as User['state'],
      tenantState = 'active' as User['tenantState'],
    } = {},
  ): this {
    this.#users.set(`${tenant} ${name}`, { id: `${tenant}-${name}`, tenant, name, roles, state, tenantState })
    return this
  }

  delete(name: string, tenant = 'default'): void {
    this.#users.delete(`${tenant} ${name}`)
  }

  async find(tenant: string, name: string): Promise<User | undefined> {
    this.asked += 1
    return this.#users.get(`${tenant} ${name}`)
  }
}

/** The value of the assertion header. */
export function userNameHeader(name: string): string {
  return Buffer.from(name, 'utf8').toString('base64')
}
