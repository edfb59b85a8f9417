import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import type { ListenerMaterial, Material } from '../config/material.ts'
import { isCoded } from '../errors.ts'
import { namedFiles, versionOf } from '../identity/revocation/list-files.ts'
import { trustFacts } from '../identity/trust/material.ts'
import type { Log } from '../log.ts'
import type { ListenerSource } from '../server/tls/listener.ts'
import { openTicketKeys, type TurningTicketKeys } from '../server/tls/ticket-keys.ts'
import type { Identity } from './open-identity.ts'

/**
 * The keys of session tickets. They turn with the trust epoch, whatever raised it. Open them when the revocation lists of the start are
 * loaded: from then on only what moves raises it.
 */
export async function openTickets(
  { value, folder }: LoadedConfiguration,
  { revocation: { places } }: Material,
  stack: AsyncDisposableStack,
  { storage, epoch, clock, log }: Pick<Identity, 'storage' | 'epoch'> & { clock: Clock; log: Log },
): Promise<TurningTicketKeys> {
  const { secretFile, rotationHours } = value.tickets
  const file = resolve(folder, secretFile)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const tickets = stack.use(
    await openTicketKeys({
      file,
      rotation: rotationHours * 3_600_000,
      clock,
      async look() {
        const areas = await storage.db.selectFrom('changes').select(['area', 'version']).orderBy('area').execute()
        const lists = listVersions(places)
        return createHash('sha256')
          .update(JSON.stringify([areas, lists]))
          .digest('hex')
      },
      onFailure(error) {
        const { message, remedy } = isCoded(error) ? error : { message: String(error), remedy: undefined }
        log.error(
          { error: message, remedy },
          'the secret of session tickets cannot be kept: they die with this process',
        )
      },
    }),
  )
  stack.defer(epoch.subscribe(() => tickets.turn()))
  return tickets
}

/** Under which rules a listener hands out tickets. Values to hash: thumbprints instead of certificates, no keys and no passwords. */
export function ticketPolicy(
  { authenticators, revocation }: LoadedConfiguration['value'],
  { name, clientAuth, onUntrusted, protocols, ticketLifetime }: ListenerMaterial['options'],
  trust: ListenerMaterial['trust'],
  identities: ListenerSource['identities'],
): unknown {
  return {
    listener: { name, clientAuth, onUntrusted, protocols, ticketLifetime },
    trust: trustFacts(trust),
    identities: identities.map(({ chain }) => chain[0]?.thumbprint),
    authenticators,
    revocation,
  }
}

function listVersions(places: Parameters<typeof namedFiles>[0]): string[] {
  try {
    return namedFiles(places).map(file => `${file} ${versionOf(file)}`)
  } catch {
    // A file that is not there raises its own alarm; that it is gone is a difference too.
    return ['unreadable']
  }
}
