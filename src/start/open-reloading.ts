import type { Clock } from '../clock.ts'
import type { LoadedConfiguration } from '../config/load.ts'
import { type KeyNeed, type Material, openMaterial } from '../config/material.ts'
import { namedFiles } from '../config/named-files.ts'
import type { Configuration } from '../config/schema.ts'
import { watchFiles } from '../config/watch.ts'
import { CodedError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Events } from '../telemetry/events/events.ts'
import { needsRestart } from './needs-restart.ts'
import type { InTurn } from './turns.ts'

export interface Reloading {
  /** why the last reload was refused: the state before it serves on */
  readonly alarm: CodedError | undefined
  /** Reads the configuration and all that it names again. Never throws: what is wrong is told, and changes nothing. */
  reload(cause: string, way?: Way): Promise<'reloaded' | 'refused'>
}

/** How another configuration comes to be in force. */
export interface Way {
  /** Throws, and has changed nothing, when it cannot be. */
  takeOver(next: LoadedConfiguration, material: Material): Promise<void>
  /** keys whose changes wait all the same */
  waits(present: Configuration, next: Configuration): readonly string[]
}

export interface ReloadingSource {
  readonly clock: Clock
  readonly log: Log
  readonly events: Pick<Events, 'reloadSucceeded' | 'reloadFailed'>
  /** whether each listener has to have a key; default: yes */
  readonly keys?: KeyNeed
  /** a signal may come while the watch is at it */
  readonly inTurn: InTurn
  readonly takeOver: Way['takeOver']
}

/** Watches the files of the configuration, where it says so, and reads them again when they change or somebody asks. */
export async function openReloading(
  loaded: LoadedConfiguration,
  stack: AsyncDisposableStack,
  { clock, log, events, keys, inTurn, takeOver }: ReloadingSource,
): Promise<Reloading> {
  const { watch: watching, pollSeconds } = loaded.value.reload
  const usual: Way = { takeOver, waits: needsRestart }
  let alarm: CodedError | undefined
  const watch =
    watching === 'off'
      ? undefined
      : stack.use(
          await watchFiles({
            files: namedFiles(loaded),
            poll: pollSeconds * 1000,
            onChange: async files => void (await reload(files.join(', '))),
          }),
        )

  function reload(cause: string, way: Way = usual): Promise<'reloaded' | 'refused'> {
    return inTurn(() => attempt(cause, way))
  }

  async function attempt(cause: string, { takeOver, waits }: Way): Promise<'reloaded' | 'refused'> {
    try {
      // What changes from here on is seen as a change again.
      await watch?.note()
      const next = await loaded.again()
      await watch?.replace(namedFiles(next))
      const material = await openMaterial(next, clock, 'reload', keys)
      for (const section of waits(loaded.value, next.value)) log.warn({ section }, 'this change waits for a restart')
      // Everything that can fail comes before the first thing that changes.
      await takeOver(next, material)
      for (const warning of material.warnings) log.warn({}, warning)
      alarm = undefined
      events.reloadSucceeded({ cause })
      return 'reloaded'
    } catch (error) {
      alarm = error instanceof CodedError ? error : new CodedError('ERR_INTERNAL', String(error), { cause: error })
      const remedy = error instanceof CodedError ? (error.remedy ?? null) : null
      events.reloadFailed({ cause: error instanceof Error ? error.message : String(error), file: loaded.file, remedy })
      return 'refused'
    }
  }

  return {
    get alarm() {
      return alarm
    },
    reload,
  }
}
