import type { RevocationPolicy } from '../../pki/revocation/policy.ts'
import type { RevocationOptions } from './options.ts'

/** The rules for the certificates below each anchor. */
export function compilePolicies(options: RevocationOptions): (alias: string) => RevocationPolicy {
  const usual = compile(options, {})
  const special = new Map(Object.entries(options.anchors).map(([alias, own]) => [alias, compile(options, own)]))
  return alias => special.get(alias) ?? usual
}

type Override = RevocationOptions['anchors'][string]

function compile(options: RevocationOptions, own: Override): RevocationPolicy {
  const mode = own.mode ?? options.mode
  const fallback = mode === 'require' ? 'refuse' : 'allow'
  return {
    mode,
    order: own.order ?? options.order,
    depth: own.depth ?? options.depth,
    onUnknown: own.onUnknown ?? options.onUnknown ?? fallback,
    onStale: own.onStale ?? options.onStale ?? fallback,
    crl: {
      grace: (own.crl?.graceSeconds ?? options.crl.graceSeconds) * 1000,
      distributionPoints: own.crl?.distributionPoints ?? options.crl.distributionPoints,
    },
    ocsp: {
      grace: (own.ocsp?.graceSeconds ?? options.ocsp.graceSeconds) * 1000,
      responders: own.ocsp?.responders ?? options.ocsp.responders,
      url: own.ocsp?.url ?? options.ocsp.url,
    },
  }
}

/** Whether anybody is asked about anything. */
export function isOn({ mode, anchors }: RevocationOptions): boolean {
  return mode !== 'off' || Object.values(anchors).some(own => own.mode !== undefined && own.mode !== 'off')
}
