import { resolve } from 'node:path'
import { CodedError } from '../errors.ts'
import { readListFiles } from '../identity/revocation/list-files.ts'
import type { RevocationOptions } from '../identity/revocation/options.ts'
import { isOn } from '../identity/revocation/policies.ts'
import type { RevocationMaterial } from '../identity/revocation/revocation.ts'
import type { TrustAnchor } from '../pki/path/verdict.ts'

/** The lists that stand in files, read and checked. Throws CodedError. */
export async function readRevocation(
  options: RevocationOptions,
  folder: string,
  anchors: readonly TrustAnchor[],
): Promise<RevocationMaterial> {
  const unknown = Object.keys(options.anchors).find(alias => !anchors.some(anchor => anchor.alias === alias))
  if (unknown !== undefined) {
    throw new CodedError('ERR_CONFIG_INVALID', `no trust store has an entry called "${unknown}"`, {
      remedy: 'The keys below revocation.anchors are aliases of trust anchors: `countersign keystore list` shows them.',
    })
  }
  const issuers = anchors.map(({ certificate }) => certificate)
  const places = {
    files: options.crl.files.map(file => resolve(folder, file)),
    folders: options.crl.folders.map(each => resolve(folder, each)),
  }
  const files = isOn(options) ? await readListFiles(places, issuers) : []
  return { options, folder: resolve(folder, options.folder), places, files, issuers }
}
