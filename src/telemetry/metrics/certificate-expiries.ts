import { Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../clock.ts'

/** `server`: a listener's own certificate; `anchor`: a trust store entry; `client`: one that a binding names by its thumbprint, once it was seen. */
export type CertificateKind = 'server' | 'anchor' | 'client'

export interface CertificateExpiries {
  /** `alias` is the administrator's own name for it; `notAfter` in milliseconds since the epoch */
  setCertificateExpiry(kind: CertificateKind, alias: string, notAfter: number): void
  /** Puts these in the place of all of that kind: after a reload. */
  replaceCertificateExpiries(
    kind: CertificateKind,
    expiries: Iterable<readonly [alias: string, notAfter: number]>,
  ): void
}

/** Of each kind so many series at most: those that expire first. */
const limit = 500
const day = 86_400_000

export function createCertificateExpiries(registry: Registry, clock: Clock): CertificateExpiries {
  const expiries: Record<CertificateKind, Map<string, number>> = {
    server: new Map(),
    anchor: new Map(),
    client: new Map(),
  }
  new Gauge({
    name: 'countersign_certificate_expiry_days',
    help: 'Days until a certificate expires, negative when it has, by kind and alias: server, anchor, and client for those that came in by a binding to their thumbprint. Of each kind the 500 that expire first.',
    labelNames: ['kind', 'alias'],
    registers: [registry],
    aggregator: 'min',
    collect() {
      this.reset()
      const now = clock.now()
      for (const [kind, byAlias] of Object.entries(expiries)) {
        for (const [alias, notAfter] of soonest([...byAlias])) this.set({ kind, alias }, (notAfter - now) / day)
      }
    },
  })
  return {
    setCertificateExpiry: (kind, alias, notAfter) => void expiries[kind].set(alias, notAfter),
    replaceCertificateExpiries: (kind, byAlias) => {
      expiries[kind] = new Map(soonest([...byAlias]))
    },
  }
}

function soonest(expiries: (readonly [alias: string, notAfter: number])[]): typeof expiries {
  return expiries.toSorted((a, b) => a[1] - b[1]).slice(0, limit)
}
