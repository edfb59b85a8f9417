import type { Certificate } from '../../pki/x509/certificate.ts'
import type { CertificateFacts, Events } from '../../telemetry/events/events.ts'
import type { Held, Loss } from './connections.ts'

/** What is told of the connections of one listener. */
export interface ConnectionEvents {
  refused(remoteAddress: string, code: string, detail: string, certificate?: Certificate): void
  ended(peer: Held['peer'], lost: Loss, cause: string): void
}

export function createConnectionEvents(
  listener: string,
  events: Pick<Events, 'connectionRefused' | 'connectionEnded'>,
): ConnectionEvents {
  return {
    refused(remoteAddress, code, detail, certificate) {
      events.connectionRefused({ listener, remoteAddress, code, detail, certificate: factsOf(certificate) })
    },
    ended({ remoteAddress, lastJudgement }, { user, tenant, code, detail }, cause) {
      const certificate = factsOf(lastJudgement?.certificate)
      events.connectionEnded({ listener, remoteAddress, cause, code, detail, user, tenant, certificate })
    },
  }
}

function factsOf(certificate: Certificate | undefined): CertificateFacts | null {
  if (certificate === undefined) return null
  const { thumbprint, subject, issuer, serialNumber } = certificate
  return { thumbprint, subject: subject.toString(), issuer: issuer.toString(), serialNumber }
}
