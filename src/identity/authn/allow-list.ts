import { CodedError } from '../../errors.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { normalThumbprint } from '../bindings/selector.ts'
import type { AllowListOptions } from './options.ts'

/** Which certificates may be used at all, whatever they are bound to. */
export interface AllowList {
  admits(certificate: Certificate): boolean
}

/** Throws ERR_ALLOW_LIST_THUMBPRINT. A list that is on and empty admits nobody. */
export function createAllowList({ enabled, thumbprints }: AllowListOptions): AllowList {
  const listed = new Set(thumbprints.map(readThumbprint))
  return { admits: enabled ? certificate => listed.has(certificate.thumbprint) : () => true }
}

function readThumbprint(text: string): string {
  const thumbprint = normalThumbprint(text)
  if (thumbprint !== undefined) return thumbprint
  throw new CodedError(
    'ERR_ALLOW_LIST_THUMBPRINT',
    `${JSON.stringify(text)} in the allow-list is no SHA-256 thumbprint`,
    {
      remedy: 'Write 64 hexadecimal digits, colons or not; `countersign cert show FILE` prints them.',
    },
  )
}
