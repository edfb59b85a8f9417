import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Clock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import type { ListenerMaterial, Material } from '../config/material.ts'
import { isCoded } from '../errors.ts'
import { namedFiles, versionOf } from '../identity/revocation/list-files.ts'
import type { EpochChange } from '../identity/trust/epoch.ts'
import { trustFacts } from '../identity/trust/material.ts'
import type { Log } from '../log.ts'
import type { ListenerSource } from '../server/tls/listener.ts'
import { openSharedTicketKeys } from '../server/tls/shared-ticket-keys.ts'
import { newTicketSecret, readTicketFile, writeTicketFile } from '../server/tls/ticket-file.ts'
import { deriveTicketKey, openTicketKeys, type TicketKeys } from '../server/tls/ticket-keys.ts'
import { createTicketSecrets } from '../storage/ticket-secrets.ts'
import type { Identity } from './open-identity.ts'

/**
 * The keys of session tickets. They turn with the trust epoch, whatever raised it. Open them when the revocation lists of the start are
 * loaded: from then on only what moves raises it.
 */
export async function openTickets(
  loaded: LoadedConfiguration,
  { revocation: { places }, ticketKey }: Material,
  stack: AsyncDisposableStack,
  source: TicketsSource,
): Promise<TicketKeys> {
  const { value, folder } = loaded
  const { storage, epoch, clock } = source
  const onFailure = tellFailure(source)
  if (ticketKey !== undefined) return shareTickets(loaded, ticketKey, stack, source)
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
      onFailure,
    }),
  )
  stack.defer(epoch.subscribe(() => tickets.turn()))
  return tickets
}

/**
 * What workers keep their common secret under when the configuration names nothing: it follows from the file that one process keeps its own in, so
 * that sessions resume after a restart. Lists that changed meanwhile make it another one. Throws ERR_TICKET_SECRET_*.
 */
export function keyForWorkers(
  { value, folder }: LoadedConfiguration,
  { ticketKey, revocation: { places } }: Material,
  clock: Clock,
): string {
  const file = resolve(folder, value.tickets.secretFile)
  // Workers keep more secrets there.
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (ticketKey !== undefined) return ticketKey
  const stored = readTicketFile(file)
  const { secret } = stored ?? newTicketSecret(clock.now(), '')
  if (stored === undefined) writeTicketFile(file, { secret, made: clock.now(), turn: 0, seen: '' })
  return deriveTicketKey(secret, ['workers', listVersions(places)]).toString('base64')
}

export interface TicketsSource extends Pick<Identity, 'storage' | 'epoch'> {
  readonly clock: Clock
  readonly log: Log
}

/** The same keys at every replica: they follow from what all of them read in the database, and from the policy of the listener. */
async function shareTickets(
  { value }: LoadedConfiguration,
  key: string,
  stack: AsyncDisposableStack,
  source: TicketsSource,
): Promise<TicketKeys> {
  const { storage, epoch, clock } = source
  const { changes } = storage
  const tickets = stack.use(
    await openSharedTicketKeys({
      place: {
        ...createTicketSecrets(storage),
        onChange: listener => changes.subscribe('tickets', listener),
      },
      key,
      rotation: value.tickets.rotationHours * 3_600_000,
      clock,
      facts: () => (['users', 'bindings', 'locks'] as const).map(area => changes.version(area)),
      onFailure: tellFailure(source),
    }),
  )
  let locks = changes.version('locks')
  const moved = ({ cause }: EpochChange) => {
    // Locks stand in the database. What else is revoked, a replica learns by itself. All other causes are facts or policy.
    const locked = locks !== changes.version('locks')
    locks = changes.version('locks')
    if (cause === 'revocation' && !locked) tickets.turn()
    else tickets.refresh()
  }
  stack.defer(epoch.subscribe(moved))
  return tickets
}

function tellFailure({ log }: Pick<TicketsSource, 'log'>): (error: unknown) => void {
  return error => {
    const { message, remedy } = isCoded(error) ? error : { message: String(error), remedy: undefined }
    log.error({ error: message, remedy }, 'the secret of session tickets cannot be kept: they die with this process')
  }
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
