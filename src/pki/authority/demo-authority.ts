import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { GeneralNameSource } from '../x509/build-general-name.ts'
import type { Certificate } from '../x509/certificate.ts'
import { type Authority, createAuthority } from './authority.ts'
import { issueCertificate } from './issue.ts'
import type { Profile } from './register.ts'

/** What `countersign dev` sets up on its first run. */
export interface Demo {
  readonly authority: Authority
  readonly server: DemoCertificate
  readonly client: DemoCertificate
}

export interface DemoCertificate {
  readonly certificate: Certificate
  readonly privateKey: KeyObject
}

const day = 86_400_000

/**
 * A demo authority in `folder`, a certificate for a server on this machine, and one for the client `user`. P-256 throughout: that is
 * made in a moment, and every client can use it. `now` in milliseconds since the epoch.
 */
export async function createDemo(
  folder: string,
  { now, user = 'alice' }: { now: number; user?: string },
): Promise<Demo> {
  // a clock that runs a little behind must not refuse what was made a moment ago
  const notBefore = Math.floor(now / 1000) * 1000 - 3_600_000
  const authority = await createAuthority(folder, {
    subject: [
      { type: 'O', value: 'Countersign demo' },
      { type: 'CN', value: 'Countersign demo CA' },
    ],
    privateKey: newKey(),
    notBefore,
    notAfter: notBefore + 3650 * day,
  })
  const issue = async (
    profile: Profile,
    name: string,
    names: readonly GeneralNameSource[],
  ): Promise<DemoCertificate> => {
    const key = newKey()
    const subject = [{ type: 'CN', value: name }]
    const certificate = await issueCertificate(authority, {
      profile,
      subject,
      names,
      key,
      notBefore,
      notAfter: notBefore + 825 * day,
    })
    return { certificate, privateKey: key }
  }
  return {
    authority,
    server: await issue('server', 'localhost', [{ dns: 'localhost' }, { ip: '127.0.0.1' }, { ip: '::1' }]),
    client: await issue('client', user, []),
  }
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}
