import { CodedError } from '../../errors.ts'
import type { Certificate } from '../../pki/x509/certificate.ts'
import { thumbprint } from '../../pki/x509/thumbprint.ts'
import { normalSha1Thumbprint, normalThumbprint } from '../bindings/selector.ts'
import type { AllowListOptions } from './options.ts'
import { ThumbprintTable } from './thumbprint-table.ts'

/** Which certificates may be used at all, whatever they are bound to. */
export interface AllowList {
  admits(certificate: Certificate): boolean
}

/** Throws ERR_ALLOW_LIST_THUMBPRINT. A list that is on and empty admits nobody. `fromFile`: those that stand in its file. */
export function createAllowList(
  {
    enabled,
    thumbprints,
    insecureSha1Thumbprints = [],
  }: Pick<AllowListOptions, 'enabled' | 'thumbprints'> & Partial<AllowListOptions>,
  fromFile = new ThumbprintTable(),
): AllowList {
  const listed = new Set(thumbprints.map(readThumbprint))
  const weak = new Set(insecureSha1Thumbprints.map(readSha1Thumbprint))
  const admits = (certificate: Certificate) =>
    listed.has(certificate.thumbprint) ||
    fromFile.has(certificate.thumbprint) ||
    (weak.size > 0 && weak.has(thumbprint(certificate.raw, 'sha1')))
  return { admits: enabled ? admits : () => true }
}

function readThumbprint(text: string): string {
  const normal = normalThumbprint(text)
  if (normal !== undefined) return normal
  throw new CodedError(
    'ERR_ALLOW_LIST_THUMBPRINT',
    `${JSON.stringify(text)} in the allow-list is no SHA-256 thumbprint`,
    {
      remedy: 'Write 64 hexadecimal digits, colons or not; `countersign cert show FILE` prints them.',
    },
  )
}

function readSha1Thumbprint(text: string): string {
  const normal = normalSha1Thumbprint(text)
  if (normal !== undefined) return normal
  throw new CodedError(
    'ERR_ALLOW_LIST_THUMBPRINT',
    `${JSON.stringify(text)} in the allow-list is no SHA-1 thumbprint`,
    {
      remedy: 'Write 40 hexadecimal digits, colons or not, or better the SHA-256 thumbprint below thumbprints.',
    },
  )
}
